#include "media/port_pool.hpp"

namespace dp::media {

PortPool::PortPool(const Options& options, Random& random)
    : options_(options), first_(static_cast<std::uint16_t>(options.first + (options.first & 1))) {
    const std::size_t pairs = options.last > first_ ? (options.last - first_ + 1U) / 2 : 0;
    free_.assign(pairs, true);
    free_count_ = pairs;
    cursor_ = pairs == 0
                  ? 0
                  : random.between(0, pairs - 1);  // a restarted process does not meet its predecessor's late packets
}

std::optional<std::size_t> PortPool::next_slot(TimePoint now) {
    while (!resting_.empty() && now - resting_.front().since >= options_.quarantine) {
        free_[resting_.front().slot] = true;
        ++free_count_;
        resting_.pop_front();
    }
    if (free_count_ == 0) {
        if (resting_.empty() || now - resting_.front().since < options_.least_rest) return std::nullopt;
        const std::size_t slot = resting_.front().slot;
        resting_.pop_front();
        return slot;
    }
    while (!free_[cursor_]) cursor_ = (cursor_ + 1) % free_.size();
    free_[cursor_] = false;
    --free_count_;
    return cursor_;
}

Result<PortPair> PortPool::bind_slot(std::size_t slot) {
    PortPair pair;
    pair.port = port_of(slot);
    DP_TRY(rtp, UdpSocket::bind({options_.bind, pair.port}));
    DP_TRY(rtcp, UdpSocket::bind({options_.bind, static_cast<std::uint16_t>(pair.port + 1)}));
    pair.rtp = std::move(rtp);
    pair.rtcp = std::move(rtcp);
    return pair;
}

Result<PortPair> PortPool::bind_next(TimePoint now) {
    // A port somebody else holds rests like a used one and is tried again later.
    for (std::size_t tries = 0; tries < 256; ++tries) {
        const auto slot = next_slot(now);
        if (!slot) break;
        auto pair = bind_slot(*slot);
        if (pair) return pair;
        resting_.push_back({*slot, now});
        if (pair.error().code != ErrorCode::Conflict) return pair;
        // Another program's ports lie together: look elsewhere, not at the next one.
        cursor_ = (cursor_ + free_.size() / 61 + 1) % free_.size();
    }
    return fail(ErrorCode::Unavailable, "All RTP ports are in use.");
}

Result<PortPair> PortPool::take(TimePoint now) {
    if (stock_.empty()) {
        DP_TRY(pair, bind_next(now));
        ++in_use_;
        return pair;
    }
    PortPair pair = std::move(stock_.front());
    stock_.pop_front();
    ++in_use_;
    return pair;
}

void PortPool::stock_up(std::size_t count, TimePoint now) {
    while (stock_.size() < count) {
        auto pair = bind_next(now);
        if (!pair) return;
        stock_.push_back(std::move(*pair));
    }
}

void PortPool::give_back(std::uint16_t port, TimePoint now) {
    resting_.push_back({static_cast<std::size_t>(port - first_) / 2, now});
    --in_use_;
}

}  // namespace dp::media
