#pragma once
/// @file Which remote address belongs to which leg of a shared port.
///
/// Problem: on a shared port the address that a peer has announced is all that tells the packets of one call from
/// those of another. So an address has one leg at most; where a second peer announces it (one that puts all its calls on
/// one port itself) it is contested and nobody's, and both legs must get ports of their own. The address of an ended
/// call rests, since late packets of that call may still come.
///
/// Thread: control. One object per worker, whose port is one per IP family.

#include <deque>
#include <optional>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/endpoint.hpp"
#include "call/leg.hpp"

namespace dp::media {

class AnnouncedAddresses {
public:
    /// An address that was contested stays out of use for this long: its peer will do so again.
    static constexpr Duration kContested = std::chrono::hours(1);

    explicit AnnouncedAddresses(Duration rest) : rest_(rest) {}

    /// For a leg whose own address has not been told yet: neither in use nor at rest.
    bool is_free(const Endpoint& remote, TimePoint now) const;

    struct Claim {
        bool granted = false;
        call::LegId holder{};  ///< refused because of this leg, which has lost the address now; none: it was contested
                               ///< before
    };
    /// The leg's peer has announced the address. Instead of the leg's earlier one, which rests from now on. An address
    /// at rest is granted: it was announced anew.
    Claim claim(call::LegId leg, const Endpoint& remote, TimePoint now);
    void release(call::LegId leg, TimePoint now);

private:
    struct Use {
        call::LegId leg{};  ///< none: at rest, or contested
        bool contested = false;
        TimePoint until{};  ///< of rest and contest
    };
    void forget_rested(TimePoint now);

    Duration rest_;
    std::unordered_map<Endpoint, Use> uses_;
    std::unordered_map<call::LegId, Endpoint> of_leg_;
    std::deque<std::pair<TimePoint, Endpoint>> resting_;  ///< by the end of their rest
};

}  // namespace dp::media
