/// What the store promises to webhooks and to those who erase a person: rows in the same transaction as what they
/// belong to, and a chain that still verifies.

#include <gtest/gtest.h>

#include "store/testing/opened.hpp"

namespace dp::store {
namespace {

namespace t = dp::telephony;
using testing::Opened;
using testing::TemporaryDirectory;

class WebhookRows : public ::testing::Test {
protected:
    void SetUp() override {
        opened.found();
        ASSERT_TRUE(opened.put(opened.user("before")));
        t::UnitOfWork unit;
        unit.events.push_back(opened.event("before"));
        ASSERT_TRUE(opened.submit(std::move(unit)));
        ASSERT_TRUE(opened.put(hook("hook")));
    }
    t::Webhook hook(const std::string& id) {
        t::Webhook out;
        out.id = t::WebhookId(id);
        out.meta.organization = opened.organization;
        out.name = id;
        out.target_uri = "https://example.test/";
        return out;
    }
    t::WebhookDelivery delivery(std::uint64_t event, t::DeliveryState state = t::DeliveryState::Pending) {
        t::WebhookDelivery out;
        out.organization = opened.organization;
        out.webhook = t::WebhookId("hook");
        out.event = event;
        out.state = state;
        out.attempts = 1;
        out.first_attempt = out.last_attempt = opened.clock.wall();
        out.next_attempt = opened.clock.wall() + std::chrono::seconds(5);
        out.http_status = 500;
        out.latency = std::chrono::milliseconds(12);
        out.error = "answered 500";
        return out;
    }
    t::WebhookBacklog backlog(const std::string& id = "hook") {
        return *Opened::wait<t::WebhookBacklog>([&](auto reply) {
            opened.store->find_webhook_backlog(opened.organization, t::WebhookId(id), opened.executor,
                                               std::move(reply));
        });
    }
    std::vector<t::WebhookDelivery> deliveries(t::DeliveryQuery query = {}) {
        query.organization = opened.organization;
        query.webhook = t::WebhookId("hook");
        return *Opened::wait<std::vector<t::WebhookDelivery>>(
            [&](auto reply) { opened.store->find_deliveries(query, opened.executor, std::move(reply)); });
    }
    t::AuditVerdict verdict() {
        return *Opened::wait<t::AuditVerdict>(
            [&](auto reply) { opened.store->verify_audit(opened.executor, std::move(reply)); });
    }

    TemporaryDirectory directory;
    Opened opened{directory.path()};
};

TEST_F(WebhookRows, ALaneBeginsAtTheEndOfTheLog) {
    EXPECT_TRUE(backlog().found);
    EXPECT_EQ(backlog().cursor, opened.events().back().sequence);
    EXPECT_FALSE(backlog("nobody").found);
}

TEST_F(WebhookRows, DeliveriesAreReplacedByKeyAndReadBackAsWritten) {
    t::UnitOfWork unit;
    unit.deliveries = {delivery(5), delivery(6, t::DeliveryState::Delivered), delivery(7, t::DeliveryState::Dead)};
    auto again = delivery(5);
    again.attempts = 2;
    unit.deliveries.push_back(again);
    ASSERT_TRUE(opened.submit(std::move(unit)));
    ASSERT_EQ(deliveries().size(), 3U);
    EXPECT_EQ(deliveries().back(), again);
    EXPECT_EQ(deliveries({.state = t::DeliveryState::Dead}).size(), 1U);
    EXPECT_EQ(deliveries({.before = 7, .limit = 1}).front().event, 6U);
}

TEST_F(WebhookRows, ABacklogIsWhatIsPendingAndWhatLiesBeyondTheCursor) {
    t::UnitOfWork unit;
    unit.deliveries = {delivery(5), delivery(6, t::DeliveryState::Delivered), delivery(9, t::DeliveryState::Delivered)};
    unit.lanes.push_back({opened.organization, t::WebhookId("hook"), 8});
    ASSERT_TRUE(opened.submit(std::move(unit)));
    const auto found = backlog();
    EXPECT_EQ(found.cursor, 8U);
    ASSERT_EQ(found.deliveries.size(), 2U);
    EXPECT_EQ(found.deliveries[0].event, 5U);
    EXPECT_EQ(found.deliveries[1].event, 9U);
}

TEST_F(WebhookRows, ARewindForgetsWhatCameAfter) {
    t::UnitOfWork unit;
    unit.deliveries = {delivery(5, t::DeliveryState::Delivered), delivery(6)};
    unit.lanes.push_back({opened.organization, t::WebhookId("hook"), 8});
    ASSERT_TRUE(opened.submit(std::move(unit)));
    t::UnitOfWork back;
    back.rewinds.push_back({opened.organization, t::WebhookId("hook"), 5});
    ASSERT_TRUE(opened.submit(std::move(back)));
    EXPECT_EQ(backlog().cursor, 5U);
    EXPECT_EQ(deliveries().size(), 1U);
}

TEST_F(WebhookRows, ARemovedWebhookTakesItsRowsAlongAndDisturbsNobody) {
    t::UnitOfWork unit;
    unit.deliveries = {delivery(5)};
    ASSERT_TRUE(opened.submit(std::move(unit)));
    ASSERT_TRUE(opened.remove(t::EntityType::Webhook, "hook"));
    EXPECT_FALSE(backlog().found);
    EXPECT_TRUE(deliveries().empty());
    t::UnitOfWork late;
    late.deliveries = {delivery(6)};
    late.events.push_back(opened.event("after"));
    EXPECT_TRUE(opened.submit(std::move(late)));
    EXPECT_TRUE(deliveries().empty());
}

TEST_F(WebhookRows, LogsCanBeReadFromTheirEnd) {
    for (const char* id : {"a", "b", "c"}) {
        t::UnitOfWork unit;
        unit.events.push_back(opened.event(id));
        ASSERT_TRUE(opened.submit(std::move(unit)));
    }
    const auto newest = opened.events({.limit = 2, .order = t::LogOrder::NewestFirst});
    ASSERT_EQ(newest.size(), 2U);
    EXPECT_EQ(newest[0].resource_id, "c");
    EXPECT_EQ(opened.events({.limit = 1, .order = t::LogOrder::NewestFirst, .before = newest[1].sequence})
                  .front()
                  .resource_id,
              "a");
}

TEST_F(WebhookRows, ErasingAPersonLeavesNothingOfThemAndTheChainVerifies) {
    const auto entry = [&](const std::string& actor, const std::string& entity) {
        t::AuditEntry out;
        out.organization = opened.organization;
        out.actor = {t::ActorKind::User, actor};
        out.action = "update";
        out.entity_type = "user";
        out.entity_id = entity;
        return out;
    };
    t::UnitOfWork unit;
    unit.audit = {entry("anna", "desk"), entry("bert", "anna"), entry("bert", "annabel"), entry("bert", "desk")};
    ASSERT_TRUE(opened.submit(std::move(unit)));
    auto mentions = opened.user("desk", "anna");
    t::UnitOfWork mentioned;
    mentioned.audit = {entry("bert", "desk")};
    mentioned.puts.push_back({mentions, t::kMustNotExist});
    ASSERT_TRUE(opened.submit(std::move(mentioned)));

    t::UnitOfWork erase;
    erase.erasures.push_back({opened.organization, "anna"});
    ASSERT_TRUE(opened.submit(std::move(erase)));
    const auto found = opened.audit();
    ASSERT_EQ(found.size(), 5U);
    EXPECT_EQ(found[0].actor.id, "erased");
    EXPECT_EQ(found[1].entity_id, "erased");
    EXPECT_EQ(found[2].entity_id, "annabel");
    for (const auto& each : found) {
        EXPECT_NE(each.actor.id, "anna");
        EXPECT_EQ(each.after.find("\"anna\""), std::string::npos);
    }
    EXPECT_TRUE(verdict().intact) << verdict().problem;
    EXPECT_EQ(verdict().entries, 5U);
    EXPECT_EQ(verdict().erased, 3U);
    EXPECT_EQ(verdict().head.size(), 64U);
}

}  // namespace
}  // namespace dp::store
