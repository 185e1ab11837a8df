#pragma once
/// @file EventLoop: one thread's reactor, mailbox and timers. Everything attached to a loop (sockets, connections,
/// timers) is touched on the thread that runs it, and only there.
///
/// Threads: `post`, `complete`, `stop` and `is_owner` from any thread; everything else on the owner. Lifetime: the loop
/// outlives whatever is attached to it. One turn is: wait until a descriptor, a task or a timer is due, run what is
/// ready (bounded, so that timers cannot starve), then the end-of-turn hooks (batched sends).

#include <atomic>
#include <cassert>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "base/mailbox.hpp"
#include "base/timer_wheel.hpp"

namespace boost::asio {
class io_context;
}

namespace dp::net {

/// What several handlers of one turn leave for its end: output that is cheaper sent together.
class TurnEnd {
public:
    virtual void on_turn_end() = 0;

protected:
    ~TurnEnd() = default;
};

class EventLoop final : public Executor {
public:
    /// `name` becomes the thread's name (15 characters); `mailbox_capacity` a power of two.
    explicit EventLoop(std::string name, std::size_t mailbox_capacity = 16384);
    ~EventLoop() override;
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Makes the calling thread the owner and serves until stop(). Once.
    void run();
    /// Any thread, signal handlers excepted. What is queued but has not run stays queued.
    void stop();

    /// False when the mailbox is full or the loop has been stopped.
    [[nodiscard]] bool post(Task task) override;
    /// For completions of work that this loop itself handed out (a response to a request it read): their number is
    /// bounded by that work, so they are never refused. Not for anything that originates elsewhere.
    void complete(Task task);

    TimerWheel& timers() { return timers_; }
    /// Arms on this loop's wheel, `delay` from now.
    void arm(Timer& timer, Duration delay) { timers_.arm(timer, now() + delay); }
    /// Monotonic time, read once per turn (at the first question, and again before timers run).
    TimePoint now() const {
        if (!now_is_fresh_) now_ = clock_.now();
        now_is_fresh_ = true;
        return now_;
    }

    bool is_owner() const { return owner_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }
    void assert_owner() const { assert(is_owner() || !running()); }
    bool running() const { return owner_.load(std::memory_order_relaxed) != std::thread::id{}; }
    std::uint64_t dropped() const { return mailbox_.dropped(); }

    /// Runs once at the end of every turn until removed. For batched output only: it must be cheap when there is
    /// nothing to do.
    using TurnHook = std::function<void()>;
    std::uint64_t add_turn_hook(TurnHook hook);
    void remove_turn_hook(std::uint64_t id);

    /// Once, at the end of this turn (of the next one, when asked at the end of a turn). It is kept alive until then.
    void at_turn_end(std::shared_ptr<TurnEnd> work);

    /// For sources of net/ and other modules that are allowed Asio.
    boost::asio::io_context& context();

private:
    struct Impl;
    void turn();
    void wait_and_run_one();
    void end_turn();

    SystemClock clock_;
    mutable TimePoint now_;
    mutable bool now_is_fresh_ = false;
    TimerWheel timers_;
    std::atomic<std::thread::id> owner_{};
    std::atomic<bool> stopped_{false};
    std::unique_ptr<Impl> impl_;
    Mailbox mailbox_;
    std::string name_;
};

/// An EventLoop with a thread of its own, stopped and joined by stop() or the destructor.
class LoopThread {
public:
    explicit LoopThread(std::string name, std::size_t mailbox_capacity = 16384);
    ~LoopThread();

    EventLoop& loop() { return loop_; }
    /// Runs `task` on the loop and waits for it. Start-up, shut-down and tests; never from the loop itself.
    void run_and_wait(Task task);
    void stop();

private:
    EventLoop loop_;
    std::thread thread_;
};

}  // namespace dp::net
