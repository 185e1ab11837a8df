#pragma once
/// @file The memory packets live in while a worker handles them: fixed slots used in turn, each with room in front for
/// a rewritten header and behind for an authentication tag, so that headers and tags are written in place.
///
/// Thread: one worker. A slot stays untouched until the ring comes round; whoever queues a packet for a later system
/// call must have sent it by then (the worker flushes its queues at the wrap).

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "rtp/rtp_packet.hpp"

namespace dp::media {

class PacketRing {
public:
    static constexpr std::size_t kSlots = 256;
    static constexpr std::size_t kHeadroom = 64;
    static constexpr std::size_t kCapacity = 2048;  ///< octets a datagram may have
    static constexpr std::size_t kTailroom = 64;

    struct alignas(64) Slot {
        std::array<std::uint8_t, kHeadroom> headroom;
        std::array<std::uint8_t, kCapacity> octets;
        std::array<std::uint8_t, kTailroom> tailroom;
    };

    /// `at_wrap` runs before a slot is handed out a second time.
    explicit PacketRing(std::function<void()> at_wrap)
        : at_wrap_(std::move(at_wrap)), slots_(std::make_unique<Slot[]>(kSlots)) {}

    rtp::MutableBytes next() {
        if (position_ == kSlots) wrap();
        return slots_[position_++].octets;
    }
    /// `count` slots in a row.
    std::span<Slot> next_batch(std::size_t count) {
        if (position_ + count > kSlots) wrap();
        const std::span<Slot> batch(&slots_[position_], count);
        position_ += count;
        return batch;
    }

private:
    void wrap() {
        at_wrap_();
        position_ = 0;
    }
    std::function<void()> at_wrap_;
    std::unique_ptr<Slot[]> slots_;
    std::size_t position_ = 0;
};

}  // namespace dp::media
