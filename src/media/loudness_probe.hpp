#pragma once
/// @file LoudnessProbe: does the peer ever send anything louder than a muted microphone? One packet a second is kept and
/// decoded on its own, until the first that is loud: then the question is answered and costs nothing any more.
///
/// Thread: the leg's worker. keep() is on the packet path: it copies, look() decodes (once a second). What cannot be
/// decoded is not looked at. Source: seed 2, "No audio: wrong microphone selected".

#include <array>
#include <cstdint>

#include "audio/codec.hpp"
#include "rtp/rtp_packet.hpp"

namespace dp::media {

class LoudnessProbe {
public:
    static constexpr std::uint64_t kMostLooks = 60;
    /// dB below full scale (RFC 6464). The quietest room is some 60 below; G.711's smallest step is 72.
    static constexpr int kSilence = 70;

    bool wants() const { return wants_; }
    void keep(audio::CodecId codec, rtp::Bytes payload);
    /// Once a second.
    void look();

    std::uint64_t sampled() const { return sampled_; }
    std::uint64_t silent() const { return silent_; }

private:
    std::array<std::uint8_t, 512> payload_{};
    std::size_t size_ = 0;
    audio::CodecId codec_ = audio::CodecId::Pcmu;
    bool wants_ = true;
    std::uint64_t sampled_ = 0;
    std::uint64_t silent_ = 0;
};

}  // namespace dp::media
