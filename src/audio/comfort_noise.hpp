#pragma once
/// @file Comfort noise: what a listener hears while the peer sends nothing on purpose (RFC 3389 level, Opus DTX).
///
/// Threads: one owner; no allocation.

#include "audio/pcm.hpp"

namespace dp::audio {

class ComfortNoise {
public:
    /// −dBov of the noise, 0…127 (RFC 3389 section 3.1).
    void set_level(int minus_dbov);
    void fill(PcmOut out);

private:
    std::uint32_t state_ = 0x2545F491;
    int amplitude_ = 18;  ///< of uniform noise: about -70 dBov
};

}  // namespace dp::audio
