// Many units of work in one transaction: neighbours, bounds, replies.

#include <gtest/gtest.h>

#include <latch>
#include <set>
#include <thread>

#include "store/open_store.hpp"
#include "store/testing/opened.hpp"

namespace dp::store {
namespace {

using namespace telephony;
using testing::Opened;
using testing::TemporaryDirectory;

/// Holds the writer in its commit listener, so that what is submitted meanwhile gathers into one batch.
class HeldWriter {
public:
    explicit HeldWriter(Opened& opened) {
        opened.store->on_commit([this](const auto&) {
            if (hold_.exchange(false)) {
                entered_.count_down();
                release_.wait();
            }
        });
        UnitOfWork unit;
        unit.events.push_back(opened.event("held"));
        opened.store->submit(std::move(unit), opened.executor, [](Result<Committed>) {});
        entered_.wait();
    }
    void release() { release_.count_down(); }

private:
    std::atomic<bool> hold_{true};
    std::latch entered_{1};
    std::latch release_{1};
};

TEST(GroupCommit, AUnitThatFailsDoesNotDisturbItsNeighbours) {
    TemporaryDirectory directory;
    Opened opened(directory.path());
    opened.found();
    HeldWriter held(opened);
    std::vector<std::future<Result<Committed>>> answers;
    for (int i = 0; i < 30; ++i) {
        UnitOfWork unit;
        unit.puts.push_back({opened.user(i % 3 == 0 ? "same" : "u" + std::to_string(i)), kMustNotExist});
        unit.events.push_back(opened.event("x"));
        auto promise = std::make_shared<std::promise<Result<Committed>>>();
        answers.push_back(promise->get_future());
        opened.store->submit(std::move(unit), opened.executor,
                             [promise](Result<Committed> r) { promise->set_value(std::move(r)); });
    }
    held.release();
    std::vector<std::uint64_t> sequences;
    int refused = 0;
    for (auto& answer : answers) {
        auto result = answer.get();
        if (result)
            sequences.push_back(result->last_event);
        else
            ++refused;
    }
    EXPECT_EQ(refused, 9);
    for (std::size_t i = 1; i < sequences.size(); ++i)
        EXPECT_EQ(sequences[i], sequences[i - 1] + 1) << "replies in order, no gap";
    EXPECT_EQ(opened.config().all<User>().size(), 21U);
}

TEST(GroupCommit, AFullQueueIsAnAnswerNotAWait) {
    TemporaryDirectory directory;
    Opened opened(directory.path(), Threading::Threads, 4);
    opened.found();
    HeldWriter held(opened);
    std::atomic<int> refused{0};
    std::atomic<int> accepted{0};
    std::latch done(20);
    for (int i = 0; i < 20; ++i)
        opened.store->submit({}, opened.executor, [&](Result<Committed> result) {
            result ? ++accepted : ++refused;
            if (!result) EXPECT_EQ(result.error().code, ErrorCode::Unavailable);
            done.count_down();
        });
    EXPECT_EQ(refused, 16) << "at once, while the writer is held";
    held.release();
    done.wait();
    EXPECT_EQ(accepted, 4);
}

TEST(GroupCommit, ManyThreadsWriteAndEveryReplyIsTrue) {
    TemporaryDirectory directory;
    Opened opened(directory.path());
    opened.found();
    constexpr int kThreads = 8;
    constexpr int kEach = 100;
    std::atomic<int> acknowledged{0};
    std::mutex mutex;
    std::set<std::uint64_t> sequences;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                for (int i = 0; i < kEach; ++i) {
                    const std::string id = "u" + std::to_string(t) + "-" + std::to_string(i);
                    UnitOfWork unit;
                    unit.puts.push_back({opened.user(id), kMustNotExist});
                    unit.events.push_back(opened.event(id));
                    const auto result = opened.submit(std::move(unit));
                    ASSERT_TRUE(result);
                    ASSERT_NE(result->snapshot->organization(opened.organization)->user(UserId(id)), nullptr);
                    std::lock_guard lock(mutex);
                    sequences.insert(result->last_event);
                    ++acknowledged;
                }
            });
    }
    EXPECT_EQ(acknowledged, kThreads * kEach);
    EXPECT_EQ(sequences.size(), static_cast<std::size_t>(kThreads * kEach));
    EXPECT_EQ(*sequences.rbegin() - *sequences.begin(), static_cast<std::uint64_t>(kThreads * kEach - 1));
    EXPECT_EQ(opened.config().all<User>().size(), static_cast<std::size_t>(kThreads * kEach));
}

class RefusingExecutor final : public Executor {
public:
    bool post(Task task) override {
        if (refuse) {
            ++refusals;
            return false;
        }
        task();
        return true;
    }
    std::atomic<bool> refuse{true};
    std::atomic<int> refusals{0};
};

TEST(Replies, WaitForAnExecutorThatIsFullWithoutHoldingUpOthers) {
    TemporaryDirectory directory;
    Opened opened(directory.path());
    opened.found();
    RefusingExecutor full;
    std::vector<int> order;
    std::latch done(3);
    for (int i = 0; i < 3; ++i)
        opened.store->submit({}, full, [&, i](Result<Committed> result) {
            EXPECT_TRUE(result);
            order.push_back(i);
            done.count_down();
        });
    EXPECT_TRUE(opened.put(opened.user("u1"))) << "another executor is served meanwhile";
    while (full.refusals == 0) std::this_thread::yield();
    full.refuse = false;
    done.wait();
    EXPECT_EQ(order, (std::vector{0, 1, 2}));
}

}  // namespace
}  // namespace dp::store
