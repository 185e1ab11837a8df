#include "base/mailbox.hpp"

namespace dp {

Mailbox::Mailbox(std::size_t capacity, std::function<void()> wake)
    : cells_(std::make_unique<Cell[]>(capacity)), mask_(capacity - 1), wake_(std::move(wake)) {
    for (std::size_t i = 0; i < capacity; ++i) cells_[i].sequence.store(i, std::memory_order_relaxed);
}

Mailbox::~Mailbox() = default;

bool Mailbox::post(Task task) {
    std::size_t position = tail_.load(std::memory_order_relaxed);
    for (;;) {
        Cell& cell = cells_[position & mask_];
        const std::size_t sequence = cell.sequence.load(std::memory_order_acquire);
        if (sequence == position) {
            if (!tail_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) continue;
            cell.task = std::move(task);
            cell.sequence.store(position + 1, std::memory_order_release);
            break;
        }
        if (sequence < position) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            return false;
        }
        position = tail_.load(std::memory_order_relaxed);
    }
    if (!woken_.exchange(true, std::memory_order_acq_rel) && wake_) wake_();
    return true;
}

std::size_t Mailbox::drain(std::size_t limit) {
    woken_.exchange(false, std::memory_order_acq_rel);
    std::size_t ran = 0;
    for (; ran < limit; ++ran) {
        const std::size_t position = head_.load(std::memory_order_relaxed);
        Cell& cell = cells_[position & mask_];
        if (cell.sequence.load(std::memory_order_acquire) != position + 1) return ran;
        Task task = std::move(cell.task);
        cell.task = nullptr;
        cell.sequence.store(position + mask_ + 1, std::memory_order_release);
        head_.store(position + 1, std::memory_order_relaxed);
        task();
    }
    // More may wait: make sure the owner comes back for the rest.
    if (!empty() && !woken_.exchange(true, std::memory_order_acq_rel) && wake_) wake_();
    return ran;
}

bool Mailbox::empty() const {
    const std::size_t position = head_.load(std::memory_order_acquire);
    return cells_[position & mask_].sequence.load(std::memory_order_acquire) != position + 1;
}

}  // namespace dp
