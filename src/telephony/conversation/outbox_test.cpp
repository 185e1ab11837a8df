#include "telephony/conversation/outbox.hpp"

#include <gtest/gtest.h>

#include "telephony/conversation/conversation_service.hpp"
#include "telephony/testing/example.hpp"

namespace dp::telephony {
namespace {

class NowExecutor final : public Executor {
public:
    bool post(Task task) override {
        task();
        return true;
    }
};

/// Keeps what is submitted until the test answers it.
class HeldStore final : public Store {
public:
    void submit(UnitOfWork unit, Executor&, Reply<Committed> reply) override {
        units.push_back(std::move(unit));
        held.push_back(std::move(reply));
    }
    void answer(Result<Committed> result) {
        auto reply = std::move(held.front());
        held.erase(held.begin());
        reply(std::move(result));
    }
    void find_conversation(OrganizationId, ConversationId, Executor&, Reply<Ptr<Conversation>>) override {}
    void find_conversations(ConversationQuery, Executor&, Reply<Page<Conversation>>) override {}
    void find_events(EventQuery, Executor&, Reply<std::vector<Event>>) override {}
    void find_audit(AuditQuery, Executor&, Reply<std::vector<AuditEntry>>) override {}
    void find_webhook_backlog(OrganizationId, WebhookId, Executor&, Reply<WebhookBacklog>) override {}
    void find_deliveries(DeliveryQuery, Executor&, Reply<std::vector<WebhookDelivery>>) override {}
    void verify_audit(Executor&, Reply<AuditVerdict>) override {}
    void find_idempotency(std::string, std::string, Executor&, Reply<std::optional<IdempotencyRecord>>) override {}
    const SnapshotHub& snapshots() const override { return hub; }
    std::vector<AccessGrant> load_grants(WallTime) override { return {}; }
    void on_commit(CommitListener) override {}
    StoreHealth health() const override { return {}; }
    void stop() override {}

    SnapshotHub hub;
    std::vector<UnitOfWork> units;
    std::vector<Reply<Committed>> held;
};

/// A spill that keeps what it is given in a list.
class ListedSpill final : public Spill {
public:
    bool keep(std::vector<OutboxEntry> entries) override {
        if (full) return false;
        kept.insert(kept.end(), entries.begin(), entries.end());
        return true;
    }
    bool release() override {
        if (full) return false;
        kept.clear();
        ++released;
        return true;
    }
    std::vector<std::int64_t> versions() const {
        std::vector<std::int64_t> out;
        for (const auto& entry : kept) out.push_back(entry.conversation ? entry.conversation->meta.version : 0);
        return out;
    }

    std::vector<OutboxEntry> kept;
    int released = 0;
    bool full = false;
};

const WallTime kNow = testing::example_time();

Ptr<Conversation> version(const char* id, std::int64_t number, ConversationStatus status) {
    Conversation conversation =
        make_inbound_conversation(ConversationId(id), OrganizationId("o"), "+15550001111", "+15551234567", kNow);
    conversation.meta.version = number;
    conversation.status = status;
    return std::make_shared<const Conversation>(std::move(conversation));
}

std::vector<Event> one_event(const Ptr<Conversation>& conversation) {
    return {conversation_event(*conversation, event_type::kConversationUpdated, kNow)};
}

class OutboxTest : public ::testing::Test {
protected:
    void record(const Ptr<Conversation>& conversation) { outbox.record(conversation, one_event(conversation)); }

    HeldStore store;
    NowExecutor executor;
    LiveConversations live;
    ListedSpill spill;
    Outbox outbox{store, executor, live, spill, {.accepting = 3, .batch = 256, .ended_kept = 1}};
};

TEST_F(OutboxTest, ATransitionIsVisibleBeforeItIsDurable) {
    record(version("c", 1, ConversationStatus::Initiated));
    EXPECT_EQ(live.find(ConversationId("c"))->status, ConversationStatus::Initiated);
    EXPECT_FALSE(outbox.drained());
    store.answer(Committed{});
    EXPECT_TRUE(outbox.drained());
}

TEST_F(OutboxTest, WhatGathersWhileAUnitIsInFlightBecomesTheNextUnit) {
    record(version("c", 1, ConversationStatus::Initiated));
    record(version("c", 2, ConversationStatus::Ringing));
    record(version("c", 3, ConversationStatus::Connected));
    record(version("d", 1, ConversationStatus::Initiated));
    ASSERT_EQ(store.units.size(), 1U) << "one unit in flight";
    store.answer(Committed{});
    ASSERT_EQ(store.units.size(), 2U);
    ASSERT_EQ(store.units[1].conversations.size(), 2U) << "only the newest version of each conversation";
    EXPECT_EQ(store.units[1].conversations[0].meta.version, 3);
    EXPECT_EQ(store.units[1].events.size(), 3U) << "but every event";
}

TEST_F(OutboxTest, WhatTheStoreRefusedIsKeptInOrderAndTriedAgain) {
    record(version("c", 1, ConversationStatus::Initiated));
    record(version("c", 2, ConversationStatus::Ringing));
    store.answer(fail(ErrorCode::Unavailable, "disk full"));
    EXPECT_EQ(store.units.size(), 1U) << "not in a tight loop";
    EXPECT_FALSE(outbox.drained());
    outbox.retry();
    ASSERT_EQ(store.units.size(), 2U);
    EXPECT_EQ(store.units[1].events.size(), 2U);
    store.answer(Committed{});
    EXPECT_TRUE(outbox.drained());
}

TEST_F(OutboxTest, TooFarBehindItAsksForNoMoreCallsButForgetsNothing) {
    for (int i = 1; i <= 4; ++i) record(version("c", i, ConversationStatus::Initiated));
    EXPECT_FALSE(outbox.accepting());
    store.answer(Committed{});
    store.answer(Committed{});
    EXPECT_TRUE(outbox.accepting());
    EXPECT_TRUE(outbox.drained());
}

TEST_F(OutboxTest, EndedConversationsLeaveTheLiveTableOldestFirstOnceTheyAreDurable) {
    record(version("a", 2, ConversationStatus::Failed));
    record(version("b", 2, ConversationStatus::Disconnected));
    EXPECT_NE(live.find(ConversationId("a")), nullptr);
    store.answer(Committed{});
    store.answer(Committed{});
    EXPECT_EQ(live.find(ConversationId("a")), nullptr);
    EXPECT_NE(live.find(ConversationId("b")), nullptr) << "one is kept for immediate reads";
}

using Versions = std::vector<std::int64_t>;

TEST_F(OutboxTest, AStoreThatAnswersNeedsNoSpill) {
    record(version("c", 1, ConversationStatus::Initiated));
    outbox.retry();
    EXPECT_TRUE(spill.kept.empty()) << "one second is no standstill";
    store.answer(Committed{});
    record(version("c", 2, ConversationStatus::Ringing));
    outbox.retry();
    EXPECT_TRUE(spill.kept.empty()) << "another unit than a second ago";
    store.answer(Committed{});
    EXPECT_EQ(spill.released, 0);
}

TEST_F(OutboxTest, WhatWaitsForAStoreThatStandsStillIsSpilledOnce) {
    record(version("c", 1, ConversationStatus::Initiated));
    record(version("c", 2, ConversationStatus::Ringing));
    outbox.retry();
    outbox.retry();
    EXPECT_EQ(spill.versions(), (Versions{1, 2})) << "what is in flight belongs to it";
    record(version("c", 3, ConversationStatus::Connected));
    outbox.record({Event{}});
    outbox.retry();
    EXPECT_EQ(spill.versions(), (Versions{1, 2, 3, 0}));
    EXPECT_EQ(spill.kept[3].events.size(), 1U);
}

TEST_F(OutboxTest, ARefusalSpillsAtOnceAndTheSpillGoesWhenAllOfItIsCommitted) {
    record(version("c", 1, ConversationStatus::Initiated));
    record(version("c", 2, ConversationStatus::Ringing));
    store.answer(fail(ErrorCode::Unavailable, "disk full"));
    EXPECT_EQ(spill.versions(), (Versions{1, 2}));
    outbox.retry();
    record(version("c", 3, ConversationStatus::Connected));
    EXPECT_EQ(spill.versions(), (Versions{1, 2, 3}));
    store.answer(Committed{});
    EXPECT_EQ(spill.released, 0) << "the third still waits";
    store.answer(Committed{});
    EXPECT_EQ(spill.released, 1);
    EXPECT_TRUE(outbox.drained());
}

TEST_F(OutboxTest, ASpillThatTakesNothingNowIsAskedAgain) {
    spill.full = true;
    record(version("c", 1, ConversationStatus::Initiated));
    store.answer(fail(ErrorCode::Unavailable, "disk full"));
    EXPECT_TRUE(spill.kept.empty());
    spill.full = false;
    outbox.retry();
    EXPECT_EQ(spill.versions(), Versions{1});
    spill.full = true;
    store.answer(Committed{});
    EXPECT_EQ(spill.released, 0);
    spill.full = false;
    outbox.retry();
    EXPECT_EQ(spill.released, 1);
    outbox.retry();
    EXPECT_EQ(spill.released, 1);
}

TEST_F(OutboxTest, AtTheEndWhatIsLeftIsSpilled) {
    record(version("c", 1, ConversationStatus::Initiated));
    outbox.spill();
    outbox.spill();
    EXPECT_EQ(spill.versions(), Versions{1});
}

TEST(Outbox, AReplyAfterItsEndFindsNobody) {
    HeldStore store;
    NowExecutor executor;
    LiveConversations live;
    ListedSpill spill;
    {
        Outbox outbox(store, executor, live, spill);
        outbox.record(version("c", 1, ConversationStatus::Initiated), {});
    }
    store.answer(Committed{});
    EXPECT_TRUE(store.held.empty());
}

}  // namespace
}  // namespace dp::telephony
