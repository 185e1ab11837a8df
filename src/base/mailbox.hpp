#pragma once
/// @file Mailbox: the only way from one thread to another. A bounded queue of tasks with a drop counter; a full mailbox
/// is an answer (`post` returns false), never a wait. Lock-free, many producers, one consumer (Vyukov's bounded queue).
///
/// The owner drains it from its loop; `wake` is called by a producer when the mailbox was empty (typically it writes an
/// eventfd).

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace dp {

using Task = std::move_only_function<void()>;

/// Where tasks may be sent: a thread in the product, the one virtual loop in simulation.
class Executor {
public:
    virtual ~Executor() = default;
    /// Any thread. False when the owner's mailbox is full or it is stopping: the caller must answer, not wait.
    [[nodiscard]] virtual bool post(Task task) = 0;
};

class Mailbox final : public Executor {
public:
    /// `capacity` must be a power of two.
    Mailbox(std::size_t capacity, std::function<void()> wake);
    ~Mailbox() override;
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    [[nodiscard]] bool post(Task task) override;
    /// Owner thread only: runs at most `limit` tasks, returns how many ran.
    std::size_t drain(std::size_t limit);
    std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
    bool empty() const;

private:
    struct Cell {
        std::atomic<std::size_t> sequence;
        Task task;
    };
    std::unique_ptr<Cell[]> cells_;
    std::size_t mask_;
    std::function<void()> wake_;
    alignas(64) std::atomic<std::size_t> tail_{0};
    alignas(64) std::atomic<std::size_t> head_{0};
    std::atomic<bool> woken_{false};
    std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace dp
