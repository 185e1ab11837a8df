#include "store/sqlite/reader_pool.hpp"

namespace dp::store::sqlite {
namespace {

constexpr std::size_t kMaxJobs = 4096;

}  // namespace

Outcome<std::unique_ptr<ReaderPool>> ReaderPool::open(const std::string& path, std::size_t readers) {
    std::vector<std::unique_ptr<Connection>> connections;
    for (std::size_t i = 0; i < readers; ++i) {
        DP_TRY(connection, Connection::open(path, Access::Read));
        connections.push_back(std::move(connection));
    }
    return std::unique_ptr<ReaderPool>(new ReaderPool(std::move(connections)));
}

ReaderPool::ReaderPool(std::vector<std::unique_ptr<Connection>> connections) : connections_(std::move(connections)) {
    for (auto& connection : connections_) threads_.emplace_back([this, &connection] { work(*connection); });
}

bool ReaderPool::post(Job&& job) {
    {
        std::lock_guard lock(mutex_);
        if (stopping_ || jobs_.size() >= kMaxJobs) return false;
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

void ReaderPool::work(Connection& connection) {
    for (;;) {
        Job job;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
            if (jobs_.empty()) return;
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        job(connection);
    }
}

void ReaderPool::stop() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    // Before the writer's: the last connection to close checkpoints, and only the writer may.
    connections_.clear();
}

}  // namespace dp::store::sqlite
