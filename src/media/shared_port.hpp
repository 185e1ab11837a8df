#pragma once
/// @file The RTP and RTCP sockets that trunk legs of one worker and IP family share, for carriers that send from the
/// very address and port they announce (RFC 4961).
///
/// Problem: a packet on such a port says by its source alone whose it is. So nothing is heard from an address before a
/// description has announced it (early media ahead of the description is lost, by design), and late packets of an ended
/// call must not reach the next one that its carrier puts on the same port: their SSRC is kept for a while and refused.
/// That no two legs listen to one address is AnnouncedAddresses' doing, on control. Thread: its worker.

#include <deque>
#include <optional>

#include "base/clock.hpp"
#include "media/port_pool.hpp"
#include "media/shared_socket.hpp"

namespace dp::media {

class SharedPort {
public:
    static constexpr Duration kRest = std::chrono::seconds(2);

    /// What a leg hears: absent ones nothing.
    struct Sources {
        std::optional<Endpoint> rtp;
        std::optional<Endpoint> rtcp;  ///< on the odd port; the same socket's when multiplexed needs no mention
        bool operator==(const Sources&) const = default;
    };
    /// The stream of the call that used an address before.
    struct Former {
        std::uint32_t ssrc = 0;
        TimePoint until{};
    };

    SharedPort(PortPair pair, std::uint8_t dscp);

    SharedSocket& rtp() { return rtp_; }
    SharedSocket& rtcp() { return rtcp_; }
    void flush() {
        rtp_.flush();
        rtcp_.flush();
    }

    /// The leg hears these from now on. What must not be taken for its peer's, if anything.
    std::optional<Former> listen(Leg& leg, const Sources& sources, TimePoint now);
    /// The leg hears them no more; `ssrc` is what came from there last.
    void leave(const Leg& leg, const Sources& sources, std::optional<std::uint32_t> ssrc, TimePoint now);

private:
    SharedSocket rtp_;
    SharedSocket rtcp_;
    std::deque<std::pair<Endpoint, Former>> former_;  ///< oldest first
};

}  // namespace dp::media
