// What a question about a time span reads of a log, and that it finds all the same what stands out of order.

#include "store/sqlite/log_times.hpp"

#include <gtest/gtest.h>

#include <random>

#include "store/testing/opened.hpp"

namespace dp::store {
namespace {

using namespace telephony;
using sqlite::Access;
using sqlite::Connection;
using sqlite::kStretch;
using sqlite::Log;
using sqlite::SequenceRange;
using testing::Opened;
using testing::TemporaryDirectory;
using namespace std::chrono_literals;

using Sequences = std::vector<std::uint64_t>;
using Ranges = std::vector<SequenceRange>;
constexpr std::int64_t kEnd = SequenceRange{}.last;

class LogTimesTest : public ::testing::Test {
protected:
    void SetUp() override {
        opened = std::make_unique<Opened>(directory.path());
        opened->found();
        base = opened->clock.wall();
    }
    /// As a process does that comes after.
    void reopen() {
        const auto organization = opened->organization;
        opened.reset();
        opened = std::make_unique<Opened>(directory.path());
        opened->organization = organization;
    }
    /// Events and audit entries at these times, in this order.
    void tell(const std::vector<std::chrono::seconds>& times) {
        UnitOfWork unit;
        for (const auto time : times) {
            unit.events.push_back(opened->event("resource"));
            unit.events.back().time = base + time;
            AuditEntry entry;
            entry.organization = opened->organization;
            entry.time = base + time;
            entry.action = "update";
            entry.entity_type = "user";
            entry.entity_id = "user";
            unit.audit.push_back(std::move(entry));
        }
        ASSERT_TRUE(opened->submit(std::move(unit)));
        told.insert(told.end(), times.begin(), times.end());
    }
    void tell_each_second(int from, int until) {
        std::vector<std::chrono::seconds> times;
        for (int n = from; n < until; ++n) times.emplace_back(n);
        tell(times);
    }
    Sequences expected(std::chrono::seconds from, std::chrono::seconds until) const {
        Sequences out;
        for (std::size_t n = 0; n < told.size(); ++n)
            if (told[n] >= from && told[n] < until) out.push_back(n + 1);
        return out;
    }
    static Sequences sequences(const auto& entries) {
        Sequences out;
        for (const auto& each : entries) out.push_back(each.sequence);
        return out;
    }
    template <class Query>
    Query within(std::chrono::seconds from, std::chrono::seconds until) const {
        Query out;
        out.from = base + from;
        out.until = base + until;
        out.limit = 10'000;
        return out;
    }
    Ranges read(std::chrono::seconds from, std::chrono::seconds until, SequenceRange bounds = {1}) {
        const auto connection = *Connection::open(directory.path() + "/dialplane.db", Access::Read);
        return *sqlite::sequences_within(*connection, Log::Events, bounds, to_millis(base + from),
                                         to_millis(base + until));
    }

    TemporaryDirectory directory;
    std::unique_ptr<Opened> opened;
    WallTime base;
    std::vector<std::chrono::seconds> told;
};

TEST_F(LogTimesTest, ReadsTheStretchThatHoldsTheTimesAndTheOneBeingFilled) {
    tell_each_second(1, 5000);
    EXPECT_EQ(read(2000s, 2010s), (Ranges{{1024, 2047}, {4096, kEnd}}));
    EXPECT_EQ(read(2000s, 2050s), (Ranges{{1024, 3071}, {4096, kEnd}}));
    EXPECT_EQ(read(4000s, 4500s), (Ranges{{3072, kEnd}}));
    EXPECT_EQ(read(9000s, 9100s), (Ranges{{4096, kEnd}}));
    EXPECT_EQ(read(2000s, 2010s, {1500, 1600}), (Ranges{{1500, 1600}}));
    EXPECT_EQ(read(2000s, 2010s, {2500, 2600}), Ranges{});
    EXPECT_EQ(sequences(opened->events(within<EventQuery>(2000s, 2010s))), expected(2000s, 2010s));
    EXPECT_EQ(sequences(opened->audit(within<AuditQuery>(2000s, 2010s))), expected(2000s, 2010s));
}

TEST_F(LogTimesTest, AStretchIsClosedWhereTheProcessBeforeBeganIt) {
    tell_each_second(1, 1000);
    reopen();
    tell_each_second(1000, 1200);
    reopen();
    tell_each_second(1200, 2100);
    EXPECT_EQ(read(10s, 20s), (Ranges{{1, 1023}, {2048, kEnd}}));
    EXPECT_EQ(read(1100s, 1110s), (Ranges{{1024, kEnd}}));
    EXPECT_EQ(sequences(opened->events(within<EventQuery>(10s, 20s))), expected(10s, 20s));
}

TEST_F(LogTimesTest, FindsWhatStandsOutOfOrder) {
    std::mt19937 chance(1);
    std::vector<std::chrono::seconds> times;
    std::chrono::seconds clock{0};
    for (int n = 0; n < 6000; ++n) {
        clock += 1s;
        if (n == 2500) clock -= 1000s;  // the clock is set back
        const bool late = chance() % 50 == 0;
        times.push_back(late ? clock - std::chrono::seconds(chance() % 1500) : clock);
    }
    tell(times);
    for (int n = 0; n < 40; ++n) {
        const std::chrono::seconds from(chance() % 6000);
        const std::chrono::seconds until = from + std::chrono::seconds(1 + chance() % 800);
        const Sequences all = expected(from, until);
        EXPECT_EQ(sequences(opened->events(within<EventQuery>(from, until))), all);
        auto newest = within<EventQuery>(from, until);
        newest.order = LogOrder::NewestFirst;
        EXPECT_EQ(sequences(opened->events(newest)), Sequences(all.rbegin(), all.rend()));
        EXPECT_EQ(sequences(opened->audit(within<AuditQuery>(from, until))), all);
    }
}

TEST_F(LogTimesTest, PagesGoOverTheEndsOfStretches) {
    tell_each_second(1, 4000);
    const Sequences all = expected(900s, 2200s);
    auto query = within<EventQuery>(900s, 2200s);
    query.limit = 100;
    Sequences paged;
    for (auto page = opened->events(query); !page.empty(); page = opened->events(query)) {
        for (const auto& event : page) paged.push_back(query.after = event.sequence);
        EXPECT_LE(page.size(), 100U);
    }
    EXPECT_EQ(paged, all);
    query.after = 0;
    query.order = LogOrder::NewestFirst;
    paged.clear();
    for (auto page = opened->events(query); !page.empty(); page = opened->events(query))
        for (const auto& event : page) paged.push_back(query.before = event.sequence);
    EXPECT_EQ(paged, Sequences(all.rbegin(), all.rend()));
}

TEST_F(LogTimesTest, ALogFromBeforeHasItsTimesAfterTheMigration) {
    tell_each_second(1, 3000);
    opened->store->stop();
    {
        const auto connection = *Connection::open(directory.path() + "/dialplane.db", Access::Write);
        ASSERT_TRUE(
            connection->execute("DROP TABLE event_times; DROP TABLE audit_times; DELETE FROM schema_migrations "
                                "WHERE version = 13"));
    }
    reopen();
    EXPECT_EQ(read(100s, 110s), (Ranges{{1, 1023}, {2048, kEnd}}));
    EXPECT_EQ(read(1100s, 1110s), (Ranges{{1024, kEnd}}));
    EXPECT_EQ(sequences(opened->audit(within<AuditQuery>(100s, 110s))), expected(100s, 110s));
}

TEST_F(LogTimesTest, ACursorThatIsNoSequenceFindsNothing) {
    tell_each_second(1, 10);
    auto query = within<EventQuery>(0s, 100s);
    query.after = ~0ULL;
    EXPECT_TRUE(opened->events(query).empty());
    query.after = 0;
    query.before = ~0ULL;
    EXPECT_EQ(opened->events(query).size(), 9U);
}

}  // namespace
}  // namespace dp::store
