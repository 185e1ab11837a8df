// How the front of the event log goes, and what of it stays.

#include "store/sqlite/event_retention.hpp"

#include <gtest/gtest.h>

#include "store/testing/opened.hpp"

namespace dp::store {
namespace {

using namespace telephony;
using sqlite::Access;
using sqlite::Connection;
using sqlite::EventRetention;
using testing::Opened;
using testing::TemporaryDirectory;
using namespace std::chrono_literals;

class EventRetentionTest : public ::testing::Test {
protected:
    void SetUp() override {
        opened.found();
        direct = std::move(*Connection::open(directory.path() + "/dialplane.db", Access::Write));
    }
    void tell(const std::string& resource, std::string_view type = event_type::kConfigurationChanged) {
        UnitOfWork unit;
        unit.events.push_back(opened.event(resource, type));
        ASSERT_TRUE(opened.submit(std::move(unit)));
    }
    std::vector<std::string> left() {
        std::vector<std::string> out;
        for (const auto& event : opened.events()) out.push_back(event.resource_id);
        return out;
    }
    bool trim() { return *retention.trim(*direct, opened.clock.wall() - 24h); }

    TemporaryDirectory directory;
    Opened opened{directory.path()};
    std::unique_ptr<Connection> direct;
    EventRetention retention;
};

using Ids = std::vector<std::string>;

TEST_F(EventRetentionTest, TheOldGoAndTheYoungStay) {
    tell("a");
    tell("b");
    opened.clock.advance(25h);
    tell("c");
    tell("d");
    EXPECT_FALSE(trim());
    EXPECT_EQ(left(), (Ids{"c", "d"}));
    opened.clock.advance(25h);
    tell("e");
    trim();
    EXPECT_EQ(left(), Ids{"e"});
}

TEST_F(EventRetentionTest, TheNewestStaysHoweverOldSoThatSequencesGoOn) {
    tell("a");
    tell("b");
    opened.clock.advance(240h);
    trim();
    EXPECT_EQ(left(), Ids{"b"});
    opened.store->stop();
    Opened again(directory.path());
    again.organization = opened.organization;
    UnitOfWork unit;
    unit.events.push_back(again.event("c"));
    EXPECT_EQ(again.submit(std::move(unit))->last_event, 3U);
}

TEST_F(EventRetentionTest, ARoutingHistoryStays) {
    tell("a");
    tell("number", event_type::kNumberRoutingChanged);
    tell("b");
    opened.clock.advance(25h);
    tell("c");
    trim();
    EXPECT_EQ(left(), (Ids{"number", "c"}));
}

TEST_F(EventRetentionTest, WhatAWebhookHasNotBeenToldStays) {
    tell("a");
    Webhook webhook;
    webhook.id = WebhookId("hook");
    webhook.meta.organization = opened.organization;
    webhook.name = "hook";
    ASSERT_TRUE(opened.put(webhook));
    tell("b");
    opened.clock.advance(25h);
    tell("c");
    trim();
    EXPECT_EQ(left(), (Ids{"b", "c"})) << "its lane stands before b";
    ASSERT_TRUE(direct->execute("UPDATE webhook_lanes SET log_cursor = 3"));
    ASSERT_TRUE(
        direct->execute("INSERT INTO webhook_deliveries VALUES ('org', 'hook', 2, 'pending', 1, 0, 0, 0, 500, 0, '')"));
    trim();
    EXPECT_EQ(left(), (Ids{"b", "c"})) << "it is still being tried";
}

TEST_F(EventRetentionTest, GoesInBatches) {
    UnitOfWork unit;
    for (int n = 0; n < EventRetention::kBatch + 10; ++n) unit.events.push_back(opened.event("old"));
    ASSERT_TRUE(opened.submit(std::move(unit)));
    opened.clock.advance(25h);
    tell("new");
    EXPECT_TRUE(trim());
    EXPECT_EQ(left().size(), 11U);
    EXPECT_FALSE(trim());
    EXPECT_EQ(left(), Ids{"new"});
}

}  // namespace
}  // namespace dp::store
