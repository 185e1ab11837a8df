#pragma once
/// @file The range of RTP ports: even/odd pairs bound ahead of need, and after use kept out of circulation so that late
/// packets of one call never reach the next.
///
/// Problem: a carrier goes on sending for a moment after BYE, and RFC 3550 section 11 wants RTP even, RTCP next. A pair
/// comes back here when its sockets are closed (after draining), rests in quarantine, and is then free again; when
/// nothing is free the one that has rested longest is used, if it has rested `least_rest`. Thread: control. Errors:
/// Unavailable when no pair is to be had.

#include <cstdint>
#include <deque>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "media/udp_socket.hpp"

namespace dp::media {

struct PortPair {
    UdpSocket rtp;
    UdpSocket rtcp;
    std::uint16_t port = 0;  ///< of RTP, even
};

class PortPool {
public:
    struct Options {
        IpAddress bind;
        std::uint16_t first = 10000;
        std::uint16_t last = 32767;
        Duration quarantine = std::chrono::seconds(60);
        Duration least_rest = std::chrono::seconds(2);
    };
    PortPool(const Options& options, Random& random);

    /// From the stock, else bound now.
    Result<PortPair> take(TimePoint now);
    /// Binds until `count` pairs are in stock or the range is used up.
    void stock_up(std::size_t count, TimePoint now);
    /// The pair's sockets are closed: quarantine begins.
    void give_back(std::uint16_t port, TimePoint now);

    std::size_t capacity() const { return free_.size(); }
    std::size_t in_stock() const { return stock_.size(); }
    std::size_t in_quarantine() const { return resting_.size(); }
    /// Lent and not yet given back.
    std::size_t in_use() const { return in_use_; }

private:
    struct Resting {
        std::size_t slot;
        TimePoint since;
    };

    Result<PortPair> bind_next(TimePoint now);
    std::optional<std::size_t> next_slot(TimePoint now);
    Result<PortPair> bind_slot(std::size_t slot);
    std::uint16_t port_of(std::size_t slot) const { return static_cast<std::uint16_t>(first_ + 2 * slot); }

    Options options_;
    std::uint16_t first_;
    std::vector<bool> free_;  ///< by pair
    std::size_t free_count_;
    std::size_t cursor_;
    std::deque<Resting> resting_;  ///< oldest first
    std::deque<PortPair> stock_;
    std::size_t in_use_ = 0;
};

}  // namespace dp::media
