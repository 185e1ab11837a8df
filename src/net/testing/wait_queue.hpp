#pragma once
/// @file WaitQueue: what a loop thread reports and a test thread waits for, with a deadline instead of a sleep. Test
/// code only.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace dp::net::testing {

template <class T>
class WaitQueue {
public:
    void push(T value) {
        const std::lock_guard lock(mutex_);
        values_.push_back(std::move(value));
        changed_.notify_one();
    }
    /// The next value; nothing after ten seconds (the test then fails).
    std::optional<T> pop(std::chrono::milliseconds patience = std::chrono::seconds(10)) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, patience, [this] { return !values_.empty(); })) return std::nullopt;
        T value = std::move(values_.front());
        values_.pop_front();
        return value;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<T> values_;
};

}  // namespace dp::net::testing
