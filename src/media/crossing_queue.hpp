#pragma once
/// @file CrossingQueue: RTP packets on their way to a peer that another worker has.
///
/// Problem: both legs of a call live on one worker, but a transfer can bring two calls together whose legs do not, and a
/// leg cannot move: browsers know the socket of its worker. So the receiving worker authenticates and decrypts, and hands
/// the plain packet over; what becomes of it is the other worker's matter. Bounded, lock-free (Vyukov's queue), many
/// producers, one consumer; packets are copied into its own memory, nothing is allocated. A full queue drops and counts.
///
/// Threads: put() on any worker, take() on the one that owns it.

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>

#include "call/leg.hpp"
#include "media/packet_ring.hpp"

namespace dp::media {

class CrossingQueue {
public:
    /// `packets` is how many may wait; `wake` is called by a producer when the owner may be asleep.
    CrossingQueue(std::size_t packets, std::function<void()> wake)
        : packets_(packets), cells_(std::make_unique<Cell[]>(packets)), wake_(std::move(wake)) {
        for (std::size_t i = 0; i < packets; ++i) cells_[i].sequence.store(i, std::memory_order_relaxed);
    }

    /// A packet that `from` has received.
    bool put(call::LegId from, rtp::Bytes packet) {
        std::size_t position = tail_.load(std::memory_order_relaxed);
        for (;;) {
            Cell& cell = cells_[position % packets_];
            const std::size_t sequence = cell.sequence.load(std::memory_order_acquire);
            if (sequence < position || packet.size() > cell.octets.size()) return drop();
            if (sequence > position) {
                position = tail_.load(std::memory_order_relaxed);
                continue;
            }
            if (!tail_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) continue;
            cell.from = from;
            cell.size = packet.size();
            std::ranges::copy(packet, cell.octets.begin());
            cell.sequence.store(position + 1, std::memory_order_release);
            break;
        }
        if (!woken_.exchange(true, std::memory_order_acq_rel)) wake_();
        return true;
    }

    /// Calls `use(from, packet)` for at most `limit` packets; the packet is valid during the call.
    template <class Use>
    void take(std::size_t limit, Use&& use) {
        woken_.exchange(false, std::memory_order_acq_rel);
        for (; limit > 0 && !empty(); --limit) {
            Cell& cell = cells_[head_ % packets_];
            use(cell.from, rtp::Bytes(cell.octets).first(cell.size));
            cell.sequence.store(head_ + packets_, std::memory_order_release);
            ++head_;
        }
    }
    /// The owner's question.
    bool empty() const { return cells_[head_ % packets_].sequence.load(std::memory_order_acquire) != head_ + 1; }
    std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

private:
    struct Cell {
        std::atomic<std::size_t> sequence;
        call::LegId from;
        std::size_t size = 0;
        std::array<std::uint8_t, PacketRing::kCapacity> octets;
    };
    bool drop() {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return false;
    }

    const std::size_t packets_;
    std::unique_ptr<Cell[]> cells_;
    std::function<void()> wake_;
    alignas(64) std::atomic<std::size_t> tail_{0};
    alignas(64) std::size_t head_ = 0;
    std::atomic<bool> woken_{false};
    std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace dp::media
