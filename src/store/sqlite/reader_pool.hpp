#pragma once
/// @file ReaderPool: threads with a read-only connection each, for the reads that the snapshot does not answer
/// (history, events, audit).
///
/// Threads: post() from any. A full queue is an answer: post() returns false and leaves the job with the caller.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "store/sqlite/connection.hpp"

namespace dp::store::sqlite {

class ReaderPool {
public:
    using Job = std::move_only_function<void(Connection&)>;

    static Outcome<std::unique_ptr<ReaderPool>> open(const std::string& path, std::size_t readers);
    ~ReaderPool() { stop(); }

    /// Takes the job only when it returns true.
    [[nodiscard]] bool post(Job&& job);
    /// Finishes what is queued.
    void stop();

private:
    explicit ReaderPool(std::vector<std::unique_ptr<Connection>> connections);
    void work(Connection& connection);

    std::vector<std::unique_ptr<Connection>> connections_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> jobs_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace dp::store::sqlite
