#include "net/event_loop.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "net/testing/wait_queue.hpp"

namespace dp::net {
namespace {

using namespace std::chrono_literals;
using testing::WaitQueue;

TEST(EventLoop, RunsPostedTasksInOrderOnItsOwnThread) {
    LoopThread thread("test");
    WaitQueue<int> seen;
    for (int i = 0; i < 100; ++i)
        ASSERT_TRUE(thread.loop().post([&, i] { seen.push(thread.loop().is_owner() ? i : -1); }));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(seen.pop(), i);
}

TEST(EventLoop, RefusesATaskWhenItsMailboxIsFullAndCountsIt) {
    EventLoop loop("idle", 4);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(loop.post([] {}));
    EXPECT_FALSE(loop.post([] {}));
    EXPECT_EQ(loop.dropped(), 1U);
}

TEST(EventLoop, FiresTimersArmedFromTasksAndFromTimers) {
    LoopThread thread("test");
    WaitQueue<int> fired;
    Timer first, second;
    first.set_callback([&] {
        fired.push(1);
        thread.loop().arm(second, 8ms);
    });
    second.set_callback([&] { fired.push(2); });
    const auto begin = std::chrono::steady_clock::now();
    thread.run_and_wait([&] { thread.loop().arm(first, 8ms); });
    EXPECT_EQ(fired.pop(), 1);
    EXPECT_EQ(fired.pop(), 2);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 16ms);
}

TEST(EventLoop, CountsATimersDelayFromNowHoweverLongTheLoopSlept) {
    LoopThread thread("test");
    WaitQueue<int> fired;
    EXPECT_FALSE(fired.pop(100ms));  // nothing is armed, so nothing wakes the loop
    Timer timer([&] { fired.push(1); });
    const auto begin = std::chrono::steady_clock::now();
    thread.run_and_wait([&] { thread.loop().arm(timer, 50ms); });
    EXPECT_EQ(fired.pop(), 1);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 50ms);
}

TEST(EventLoop, KeepsItsTimersUnderALoadOfTasksThatNeverEnds) {
    LoopThread thread("test");
    std::atomic<bool> done{false};
    WaitQueue<int> fired;
    Timer timer([&] { fired.push(1); });
    std::function<void()> again = [&] {
        if (!done) thread.loop().complete([&] { again(); });
    };
    thread.run_and_wait([&] {
        thread.loop().arm(timer, 12ms);
        again();
    });
    EXPECT_EQ(fired.pop(), 1);
    done = true;
    thread.run_and_wait([] {});
}

TEST(EventLoop, RefusesTasksOnceItHasStopped) {
    LoopThread thread("test");
    thread.stop();
    EXPECT_FALSE(thread.loop().post([] {}));
}

/// Asks for the end of the next turn as often as it is told to.
struct Again final : TurnEnd, std::enable_shared_from_this<Again> {
    Again(EventLoop& on, WaitQueue<int>& told, int count) : loop(on), ends(told), left(count) {}
    void on_turn_end() override {
        ends.push(left);
        if (--left > 0) loop.at_turn_end(shared_from_this());
    }
    EventLoop& loop;
    WaitQueue<int>& ends;
    int left;
};

TEST(EventLoop, DoesWhatATurnLeavesAfterItsTasksAndWithoutSleepingAgain) {
    LoopThread thread("test");
    WaitQueue<int> seen;
    thread.run_and_wait([&] {
        thread.loop().at_turn_end(std::make_shared<Again>(thread.loop(), seen, 3));
        seen.push(0);
    });
    for (const int expected : {0, 3, 2, 1}) EXPECT_EQ(seen.pop(), expected);
}

TEST(EventLoop, LetsGoOfWhatNoTurnEndedFor) {
    WaitQueue<int> seen;
    std::weak_ptr<Again> left;
    {
        EventLoop loop("idle");
        const auto work = std::make_shared<Again>(loop, seen, 1);
        left = work;
        loop.at_turn_end(work);
    }
    EXPECT_TRUE(left.expired());
}

TEST(EventLoop, RunsTurnHooksUntilTheyAreRemoved) {
    LoopThread thread("test");
    WaitQueue<int> turns;
    std::uint64_t id = 0;
    thread.run_and_wait([&] { id = thread.loop().add_turn_hook([&] { turns.push(1); }); });
    EXPECT_TRUE(turns.pop());
    thread.run_and_wait([&] { thread.loop().remove_turn_hook(id); });
    while (turns.pop(0ms)) {
    }
    thread.run_and_wait([] {});
    EXPECT_FALSE(turns.pop(0ms));
}

}  // namespace
}  // namespace dp::net
