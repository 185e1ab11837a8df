#pragma once
/// @file CallLimits: how long a call may stay in each of its states before it is ended, and where new calls stop being
/// taken.

#include <chrono>
#include <cstddef>

namespace dp::call {

struct CallLimits {
    std::chrono::seconds before_ringing{20};  ///< all attempts of a hunt together, until one rings
    std::chrono::seconds remote_rings{
        60};  ///< after the first 180 or 183 (RFC 3261 timer C is > 180 s; carriers end sooner)
    std::chrono::seconds agent_rings{30};  ///< where the site does not say
    std::chrono::seconds media_path{15};   ///< from the second answer to both paths standing
    std::chrono::seconds longest_call{12 * 3600};
    std::chrono::seconds silent_gateway{
        5};  ///< nothing at all heard while another gateway waits (Timer B of this attempt)
    std::size_t calls = 20'000;
};

}  // namespace dp::call
