#pragma once
/// @file Packet-loss concealment by pitch repetition (ITU-T G.711 Appendix I, without its 3.75 ms of delay), for codecs
/// that have none of their own: G.711 at 8 kHz and G.722 at 16 kHz.
///
/// Threads: one owner; no allocation. One, then two, then three pitch periods are repeated; 20 % quieter every 10 ms
/// from the second on; silence after 60 ms. The first good frame is cross-faded with what was concealed.

#include <array>

#include "audio/pcm.hpp"

namespace dp::audio {

class Concealer {
public:
    explicit Concealer(std::uint32_t rate) : rate_(rate) {}

    /// A decoded frame on its way out; altered only where it follows a concealed one.
    void good(PcmOut frame);
    /// Fills a frame that is missing.
    void conceal(PcmOut frame);
    bool concealing() const { return lost_ > 0; }

private:
    static constexpr std::size_t kHistory = 780;  ///< 48.75 ms at 16 kHz

    std::size_t samples(double milliseconds) const { return static_cast<std::size_t>(milliseconds * rate_ / 1000); }
    void remember(Pcm frame);
    std::size_t find_pitch() const;
    void start_run(std::size_t periods);
    Sample next_synthetic();
    float gain() const;

    std::uint32_t rate_;
    std::array<Sample, kHistory> history_{};
    std::size_t lost_ = 0;  ///< samples concealed since the last good frame
    std::size_t pitch_ = 0;
    std::size_t periods_ = 0;
    std::size_t offset_ = 0;  ///< into the repeated stretch
    std::array<Sample, kHistory> stretch_{};
    std::size_t stretch_size_ = 0;
};

}  // namespace dp::audio
