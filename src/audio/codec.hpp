#pragma once
/// @file Encoder and Decoder: one small per-frame interface over G.711, G.722 and Opus, chosen once, then a function
/// pointer.
///
/// Threads: one owner each; states come from pools behind a lock taken at create() and destruction only. No allocation
/// per frame. Rates are of the PCM (Hz). Opus runs at the rate of the other leg (8000 or 16000), so that no resampler
/// is needed between it and G.711 or G.722; G.722 at 8000 codes its low band only. Errors: a payload that cannot be
/// decoded yields 0 samples. Source: ITU-T G.711, G.722; RFC 6716, RFC 7587.

#include <memory>

#include "audio/pcm.hpp"
#include "base/result.hpp"

namespace dp::audio {

enum class CodecId : std::uint8_t { Pcmu, Pcma, G722, Opus };

/// Longest payload a 20 ms frame of ours becomes, and most samples one payload can hold (Opus: 120 ms at 48 kHz).
inline constexpr std::size_t kMaxPayload = 1275;
inline constexpr std::size_t kMaxFrameSamples = 5760;

struct EncoderOptions {
    CodecId codec = CodecId::Pcmu;
    std::uint32_t rate = 8000;
    /// Opus only.
    std::uint32_t bitrate = 16000;
    int complexity = 5;
    bool in_band_fec = true;
    bool discontinuous = false;
    bool constant_bitrate = false;
};

class Encoder {
public:
    /// InvalidValue when the codec does not run at that rate (see supports()).
    static Result<Encoder> create(const EncoderOptions& options);

    /// One frame of 10, 20, 40 or 60 ms. Octets written; 0: nothing to send (Opus DTX) or no room.
    std::size_t encode(Pcm frame, MutableBytes out) { return encode_(state_.get(), frame, out); }
    /// What the peer reports (RTCP), 0–100: steers Opus FEC.
    void expect_loss(int percent);
    CodecId codec() const { return codec_; }
    std::uint32_t rate() const { return rate_; }

private:
    using Encode = std::size_t (*)(void*, Pcm, MutableBytes);
    using Release = void (*)(void*);
    Encoder(CodecId codec, std::uint32_t rate, Encode encode, void* state, Release release)
        : codec_(codec), rate_(rate), encode_(encode), state_(state, release) {}

    CodecId codec_;
    std::uint32_t rate_;
    Encode encode_;
    std::unique_ptr<void, Release> state_;
};

class Decoder {
public:
    static Result<Decoder> create(CodecId codec, std::uint32_t rate);

    /// Samples written, at most kMaxFrameSamples.
    std::size_t decode(Bytes payload, PcmOut out) { return decode_(state_.get(), payload, out); }
    /// The frame before `next` from its in-band FEC; `out` is exactly one frame long. 0 when the codec has none.
    std::size_t decode_fec(Bytes next, PcmOut out);
    /// One lost frame by the codec's own means (Opus). 0 when it has none: conceal with audio::Concealer.
    std::size_t conceal(PcmOut out);
    /// Samples per channel that `payload` holds at this decoder's rate; 0 when malformed. Opus: from its TOC octet.
    std::size_t samples_in(Bytes payload) const;
    bool conceals() const { return codec_ == CodecId::Opus; }
    CodecId codec() const { return codec_; }
    std::uint32_t rate() const { return rate_; }

private:
    using Decode = std::size_t (*)(void*, Bytes, PcmOut);
    using Release = void (*)(void*);
    Decoder(CodecId codec, std::uint32_t rate, Decode decode, void* state, Release release)
        : codec_(codec), rate_(rate), decode_(decode), state_(state, release) {}

    CodecId codec_;
    std::uint32_t rate_;
    Decode decode_;
    std::unique_ptr<void, Release> state_;
};

/// G.711: 8000; G.722: 8000, 16000; Opus: 8000, 16000, 48000.
bool supports(CodecId codec, std::uint32_t rate);
/// The rate at which audio crosses between two codecs: the lower of what both carry.
std::uint32_t common_rate(CodecId a, CodecId b);

}  // namespace dp::audio
