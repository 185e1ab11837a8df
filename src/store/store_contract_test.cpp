// What every Store must do, whatever it stands on. Parameterised: SQLite with its threads, and inline as simulation
// uses it.

#include <gtest/gtest.h>

#include <map>

#include "store/documents/documents.hpp"
#include "store/testing/opened.hpp"
#include "telephony/conversation/conversation_service.hpp"

namespace dp::store {
namespace {

using namespace telephony;
using testing::Opened;
using testing::TemporaryDirectory;

class StoreContract : public ::testing::TestWithParam<Threading> {
protected:
    void SetUp() override {
        open();
        here->found();
    }
    void open() {
        auto organization = here ? here->organization : OrganizationId();
        here.reset();
        here = std::make_unique<Opened>(directory.path(), GetParam());
        ASSERT_TRUE(here->store) << here->error.detail;
        here->organization = organization;
    }
    UnitOfWork unit_of(Conversation conversation) {
        UnitOfWork unit;
        unit.conversations.push_back(std::move(conversation));
        return unit;
    }
    Conversation call(const std::string& id, int second = 0, std::int64_t version = 1) {
        auto made = make_inbound_conversation(ConversationId(id), here->organization, "+15550001111", "+15551234567",
                                              here->clock.wall() + std::chrono::seconds(second));
        made.meta.version = version;
        return made;
    }

    TemporaryDirectory directory;
    std::unique_ptr<Opened> here;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, ::testing::Values(Threading::Threads, Threading::Inline),
                         [](const auto& info) { return info.param == Threading::Threads ? "Threads" : "Inline"; });

TEST_P(StoreContract, AReplyMeansVisibleInTheSnapshot) {
    const auto committed = here->put(here->user("u1", "Ann"));
    ASSERT_TRUE(committed);
    EXPECT_EQ(committed->snapshot->organization(here->organization)->user(UserId("u1"))->name, "Ann");
    EXPECT_EQ(here->config().user(UserId("u1"))->meta.version, 1);
    EXPECT_EQ(std::get<Ptr<User>>(committed->entities.at(0)), here->config().user(UserId("u1"))) << "the very entity";
}

TEST_P(StoreContract, VersionsCountRealChangesAndKeepTheTimeOfCreation) {
    User ann = here->user("u1", "Ann");
    ann.meta.created = ann.meta.modified = here->clock.wall();
    ann.meta.created_by = "first";
    ASSERT_TRUE(here->put(ann));
    const auto created = here->config().user(UserId("u1"))->meta.created;
    here->clock.advance(std::chrono::hours(1));
    ann.name = "Anna";
    ann.meta.created = ann.meta.modified = here->clock.wall();
    ann.meta.created_by = ann.meta.modified_by = "second";
    ASSERT_TRUE(here->put(ann, 1));
    const auto meta = here->config().user(UserId("u1"))->meta;
    EXPECT_EQ(meta.version, 2);
    EXPECT_EQ(meta.created, created);
    EXPECT_EQ(meta.created_by, "first");
    EXPECT_EQ(meta.modified, here->clock.wall());
}

TEST_P(StoreContract, AChangeThatChangesNothingLeavesNoTrace) {
    ASSERT_TRUE(here->put(here->user("u1")));
    const auto revision = here->store->snapshots().revision();
    UnitOfWork unit;
    unit.puts.push_back({here->user("u1"), kMustExist});
    unit.events.push_back(here->event("u1"));
    ASSERT_TRUE(here->submit(std::move(unit)));
    EXPECT_EQ(here->config().user(UserId("u1"))->meta.version, 1);
    EXPECT_EQ(here->store->snapshots().revision(), revision);
    EXPECT_TRUE(here->events().empty());
}

TEST_P(StoreContract, ExpectedVersionsAreChecked) {
    EXPECT_EQ(here->put(here->user("u1"), kMustExist).error().code, ErrorCode::NotFound);
    EXPECT_EQ(here->put(here->user("u1"), 3).error().code, ErrorCode::NotFound);
    ASSERT_TRUE(here->put(here->user("u1")));
    const auto again = here->put(here->user("u1", "Other"));
    EXPECT_EQ(again.error().code, ErrorCode::Duplicate);
    EXPECT_EQ(again.error().field, "u1");
    EXPECT_EQ(here->put(here->user("u1", "Other"), 7).error().code, ErrorCode::Conflict);
    EXPECT_TRUE(here->put(here->user("u1", "Other"), 1));
    EXPECT_TRUE(here->put(here->user("u1", "Third"), kMustExist));
    EXPECT_TRUE(here->put(here->user("u2"), kAnyVersion)) << "creates when absent";
}

TEST_P(StoreContract, AUnitIsAllOrNothing) {
    UnitOfWork unit;
    unit.puts.push_back({here->user("u1"), kMustNotExist});
    unit.puts.push_back({here->user("u2"), 9});
    unit.events.push_back(here->event("u1"));
    EXPECT_FALSE(here->submit(std::move(unit)));
    EXPECT_EQ(here->config().user(UserId("u1")), nullptr);
    EXPECT_TRUE(here->events().empty());
    open();
    EXPECT_EQ(here->config().user(UserId("u1")), nullptr);
}

TEST_P(StoreContract, EventsAreNumberedWithoutGapsWhateverFailsBetween) {
    for (int i = 0; i < 6; ++i) {
        UnitOfWork unit;
        unit.puts.push_back(
            {here->user("u" + std::to_string(i / 2)), kMustNotExist});  // every second one is a duplicate
        unit.events.push_back(here->event("a"));
        unit.events.push_back(here->event("b"));
        (void)here->submit(std::move(unit));
    }
    const auto events = here->events();
    ASSERT_EQ(events.size(), 6U);
    for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].sequence, i + 1);
    open();
    UnitOfWork unit;
    unit.events.push_back(here->event("c"));
    EXPECT_EQ(here->submit(std::move(unit))->last_event, 7U) << "also across a restart";
}

TEST_P(StoreContract, EventsAreFoundByCursorTypeResourceAndTime) {
    for (int i = 0; i < 10; ++i) {
        UnitOfWork unit;
        unit.events.push_back(here->event(i % 2 == 0 ? "even" : "odd",
                                          i < 5 ? event_type::kTrunkUpdated : event_type::kTrunkStatusChanged));
        ASSERT_TRUE(here->submit(std::move(unit)));
        here->clock.advance(std::chrono::seconds(1));
    }
    const auto sequences = [&](EventQuery query) {
        std::vector<std::uint64_t> out;
        for (const Event& each : here->events(std::move(query))) out.push_back(each.sequence);
        return out;
    };
    using Sequences = std::vector<std::uint64_t>;
    EXPECT_EQ(sequences({.after = 7}), (Sequences{8, 9, 10}));
    EXPECT_EQ(sequences({.types = {"telephony:edge:status:changed"}, .resource_ids = {"even"}}), (Sequences{7, 9}));
    const WallTime start = ManualClock().wall();
    EXPECT_EQ(
        sequences({.after = 0, .from = start + std::chrono::seconds(3), .until = start + std::chrono::seconds(5)}),
        (Sequences{4, 5}));
    EXPECT_EQ(sequences({.limit = 2}), (Sequences{1, 2}));
}

TEST_P(StoreContract, ListenersHearEveryCommittedEventInOrder) {
    std::vector<std::uint64_t> heard;
    here->store->on_commit([&](const std::shared_ptr<const std::vector<Event>>& events) {
        for (const Event& each : *events) heard.push_back(each.sequence);
    });
    for (int i = 0; i < 5; ++i) {
        UnitOfWork unit;
        unit.events.push_back(here->event("x"));
        ASSERT_TRUE(here->submit(std::move(unit)));
    }
    here->store->stop();
    EXPECT_EQ(heard, (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
}

// Unique values of the schema, in the words of the domain.

TEST_P(StoreContract, EveryUniqueValueNamesItsHolder) {
    here.reset();
    here = std::make_unique<Opened>(TemporaryDirectory().path() + "-unique", GetParam());
    here->seed();
    ASSERT_TRUE(here->error.detail.empty()) << here->error.detail;
    const auto& config = here->config();
    const auto expect_taken = [&](auto entity, const char* holder) {
        const auto result = here->put(std::move(entity));
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::Duplicate) << result.error().detail;
        EXPECT_EQ(result.error().field, holder) << result.error().detail;
    };
    User user = *config.user(telephony::testing::kJohn);
    user.id = UserId("second");
    user.email = "John.Doe@dialplane.test";
    expect_taken(user, "a1b2c3d4-e5f6-7890-abcd-ef1234567890");
    Phone phone = *config.phone(PhoneId("phone-john.doe"));
    phone.id = PhoneId("second");
    phone.station = StationId("second");
    expect_taken(phone, "phone-john.doe");
    phone.sip.username = "second";
    phone.station = StationId("phone-john.doe");
    expect_taken(phone, "phone-john.doe");
    Number number = *config.number(NumberId("number-john-doe"));
    number.id = NumberId("second");
    expect_taken(number, "number-john-doe");
    Trunk trunk = *config.trunk(telephony::testing::kAcme);
    trunk.id = TrunkId("second");
    trunk.registration.host = "Carrier.Dialplane.test";
    expect_taken(trunk, "sip-trunk-acme-us-east");
    std::filesystem::remove_all(directory.path() + "-unique");
}

TEST_P(StoreContract, AReferenceThatLeadsNowhereIsRefused) {
    User user = here->user("u1");
    user.site = SiteId("nowhere");
    const auto result = here->put(user);
    EXPECT_EQ(result.error().code, ErrorCode::InvalidValue) << result.error().detail;
    Opened& store = *here;
    store.organization = OrganizationId("unknown");
    EXPECT_EQ(store.put(store.user("u2")).error().code, ErrorCode::InvalidValue);
}

TEST_P(StoreContract, WhatIsReferredToCannotBeRemoved) {
    Site site;
    site.id = SiteId("s");
    site.meta.organization = here->organization;
    site.name = "S";
    ASSERT_TRUE(here->put(site));
    User user = here->user("u1");
    user.site = site.id;
    ASSERT_TRUE(here->put(user));
    EXPECT_EQ(here->remove(EntityType::Site, "s").error().code, ErrorCode::Conflict);
    ASSERT_TRUE(here->remove(EntityType::User, "u1"));
    EXPECT_TRUE(here->remove(EntityType::Site, "s"));
    EXPECT_EQ(here->config().site(SiteId("s")), nullptr);
    EXPECT_EQ(here->remove(EntityType::Site, "s").error().code, ErrorCode::NotFound);
}

TEST_P(StoreContract, TheSameIdsInAnotherOrganizationAreOthers) {
    ASSERT_TRUE(here->put(here->user("u1", "Ann")));
    const OrganizationId first = here->organization;
    here->found("second");
    ASSERT_TRUE(here->put(here->user("u1", "Bob")));
    const auto snapshot = here->store->snapshots().current();
    EXPECT_EQ(snapshot->organization(first)->user(UserId("u1"))->name, "Ann");
    EXPECT_EQ(snapshot->organization(here->organization)->user(UserId("u1"))->name, "Bob");
}

TEST_P(StoreContract, EveryKindOfEntityComesBackAsItWas) {
    TemporaryDirectory own;
    auto first = std::make_unique<Opened>(own.path(), GetParam());
    EXPECT_TRUE(first->first_run);
    first->seed();
    ASSERT_TRUE(first->error.detail.empty()) << first->error.detail;
    const auto before = first->store->snapshots().current();
    const auto organization = first->organization;
    first.reset();
    Opened second(own.path(), GetParam());
    EXPECT_FALSE(second.first_run);
    const auto after = second.store->snapshots().current();
    std::size_t compared = 0;
    const auto same = [&]<class T>(const Ptr<T>& entity) {
        const Ptr<T>& other = after->organization(organization)->find<T>(entity->id);
        ASSERT_NE(other, nullptr) << entity->id.str();
        EXPECT_EQ(to_document(Entity(*entity), Secrecy::Stored), to_document(Entity(*other), Secrecy::Stored));
        EXPECT_EQ(entity->meta.version, other->meta.version);
        EXPECT_EQ(entity->meta.created, other->meta.created);
        ++compared;
    };
    const auto& config = *before->organization(organization);
    [&]<class... T>(std::variant<T...>*) { (config.all<T>().for_each(same), ...); }(static_cast<Entity*>(nullptr));
    EXPECT_EQ(compared, 31U);
}

TEST_P(StoreContract, AConversationsNewestVersionWins) {
    ASSERT_TRUE(here->submit(unit_of(call("c1", 0, 3))));
    Conversation stale = call("c1", 0, 2);
    stale.caller_name = "stale";
    ASSERT_TRUE(here->submit(unit_of(stale)));
    EXPECT_EQ(here->conversation("c1")->meta.version, 3);
    EXPECT_EQ(here->conversation("c1")->caller_name, "");
    Conversation next = call("c1", 0, 4);
    ASSERT_TRUE(end(next, terminate(EndReason::RemoteHangup, Reached::Connected, 0, 16), here->clock.wall()));
    ASSERT_TRUE(here->submit(unit_of(next)));
    EXPECT_EQ(here->conversation("c1")->status, ConversationStatus::Disconnected);
    EXPECT_EQ(here->conversation("c1")->termination->reason, EndReason::RemoteHangup);
    EXPECT_EQ(here->conversation("nobody"), nullptr);
}

TEST_P(StoreContract, HistoryIsPagedNewestFirstWithoutGapOrRepeat) {
    for (int i = 0; i < 25; ++i) {
        Conversation each = call("c" + std::to_string(i), i / 2);  // pairs share their start
        each.agent = UserId(i % 5 == 0 ? "five" : "other");
        ASSERT_TRUE(here->submit(unit_of(each)));
    }
    std::map<std::string, int> seen;
    ConversationQuery query;
    query.limit = 7;
    for (int pages = 0;; ++pages) {
        ASSERT_LT(pages, 5);
        const auto page = here->conversations(query);
        ASSERT_TRUE(page);
        for (std::size_t i = 1; i < page->items.size(); ++i)
            EXPECT_GE(page->items[i - 1].started, page->items[i].started);
        for (const auto& each : page->items) ++seen[each.id.str()];
        if (!page->next) break;
        query.cursor = *page->next;
        // Written while paging: newer than every page, so it disturbs none.
        ASSERT_TRUE(here->submit(unit_of(call("new" + std::to_string(pages), 1000))));
    }
    EXPECT_EQ(seen.size(), 25U);
    for (const auto& [id, times] : seen) EXPECT_EQ(times, 1) << id;
    query = {};
    query.agent = UserId("five");
    EXPECT_EQ(here->conversations(query)->items.size(), 5U);
    query = {};
    query.statuses = {ConversationStatus::Connected};
    EXPECT_TRUE(here->conversations(query)->items.empty());
    query = {};
    query.cursor = "nonsense";
    EXPECT_EQ(here->conversations(query).error().field, "cursor");
}

TEST_P(StoreContract, AUsersHistoryHasTheCallsThatWereHandedOverToThatUserToo) {
    Conversation handed_over = call("c1");
    handed_over.agent = UserId("first");
    handed_over.participants.push_back({.id = ParticipantId("p2"),
                                        .purpose = ParticipantPurpose::Agent,
                                        .user = UserId("second"),
                                        .name = {},
                                        .address = {},
                                        .communications = {}});
    ASSERT_TRUE(here->submit(unit_of(handed_over)));
    for (const auto& [user, calls] : {std::pair{"first", 1U}, std::pair{"second", 1U}, std::pair{"third", 0U}}) {
        ConversationQuery query;
        query.agent = UserId(user);
        EXPECT_EQ(here->conversations(query)->items.size(), calls) << user;
    }
}

TEST_P(StoreContract, CallsOfADeadProcessEndOnceAsServerRestart) {
    ASSERT_TRUE(here->submit(unit_of(call("open"))));
    Conversation done = call("done");
    ASSERT_TRUE(end(done, terminate(EndReason::Busy, Reached::NotConnected), here->clock.wall()));
    ASSERT_TRUE(here->submit(unit_of(done)));
    for (int start = 0; start < 2; ++start) {
        open();
        EXPECT_EQ(here->closed_conversations, start == 0 ? 1U : 0U);
        const auto ended = here->conversation("open");
        EXPECT_EQ(ended->status, ConversationStatus::Failed);
        EXPECT_EQ(ended->termination->reason, EndReason::ServerRestart);
        EXPECT_EQ(here->conversation("done")->termination->reason, EndReason::Busy);
        EXPECT_EQ(here->events({.types = {"conversation.ended"}}).size(), 1U);
    }
}

TEST_P(StoreContract, AnIdempotencyKeyAnswersTheSameRequestOnceAndRefusesAnother) {
    const auto attempt = [&](const char* digest) {
        UnitOfWork unit;
        unit.puts.push_back({here->user("u-" + std::string(digest)), kMustNotExist});
        unit.events.push_back(here->event("u"));
        unit.idempotency = IdempotencyRecord{"client POST /users", "key-1", digest, 201, R"({"id":"u"})"};
        return here->submit(std::move(unit));
    };
    const auto first = attempt("a");
    ASSERT_TRUE(first);
    EXPECT_FALSE(first->replay);
    const auto again = attempt("a");
    ASSERT_TRUE(again) << "not a duplicate: the first answer once more";
    EXPECT_EQ(again->replay->response, R"({"id":"u"})");
    EXPECT_EQ(again->replay->http_status, 201);
    EXPECT_EQ(attempt("b").error().code, ErrorCode::IdempotencyMismatch);
    EXPECT_EQ(here->events().size(), 1U);
    here->clock.advance(std::chrono::hours(25));
    EXPECT_TRUE(attempt("c")) << "keys live 24 hours";
}

TEST_P(StoreContract, AClaimedIdempotencyKeyNamesWhatWasMade) {
    UnitOfWork unit;
    unit.puts.push_back({here->user("u1"), kMustNotExist});
    unit.idempotency = IdempotencyRecord{"s", "k", "d", 0, ""};  // the answer is not known yet
    ASSERT_TRUE(here->submit(std::move(unit)));
    const auto found = Opened::wait<std::optional<IdempotencyRecord>>(
        [&](auto reply) { here->store->find_idempotency("s", "k", here->executor, std::move(reply)); });
    ASSERT_TRUE(*found);
    EXPECT_EQ((*found)->http_status, 0);
    EXPECT_EQ((*found)->response, "u1") << "after a crash the answer is made from it";
}

TEST_P(StoreContract, AFailedUnitDoesNotBurnItsIdempotencyKey) {
    UnitOfWork unit;
    unit.puts.push_back({here->user("u1"), 5});
    unit.idempotency = IdempotencyRecord{"s", "k", "d", 201, "{}"};
    EXPECT_FALSE(here->submit(std::move(unit)));
    const auto found = Opened::wait<std::optional<IdempotencyRecord>>(
        [&](auto reply) { here->store->find_idempotency("s", "k", here->executor, std::move(reply)); });
    EXPECT_EQ(*found, std::nullopt);
}

TEST_P(StoreContract, GrantsSurviveARestartUntilTheyExpireOrAreRevoked) {
    UnitOfWork unit;
    for (const char* digest : {"live", "short", "revoked"}) {
        AccessGrant grant;
        grant.token_sha256 = digest;
        grant.organization = here->organization;
        grant.scopes = {"conversation:call:write"};
        grant.client = OAuthClientId("client");
        grant.expires = here->clock.wall() +
                        (std::string_view(digest) == "short" ? std::chrono::minutes(1) : std::chrono::minutes(90));
        unit.grants.push_back(std::move(grant));
    }
    ASSERT_TRUE(here->submit(std::move(unit)));
    UnitOfWork revoke;
    revoke.revoked_grants = {"revoked"};
    ASSERT_TRUE(here->submit(std::move(revoke)));
    open();
    const auto grants = here->store->load_grants(here->clock.wall() + std::chrono::minutes(2));
    ASSERT_EQ(grants.size(), 1U);
    EXPECT_EQ(grants[0].token_sha256, "live");
    EXPECT_EQ(grants[0].scopes, std::vector<std::string>{"conversation:call:write"});
    EXPECT_EQ(grants[0].client, OAuthClientId("client"));
}

TEST_P(StoreContract, AuditEntriesShowTheDocumentBeforeAndAfterWithSecretsMasked) {
    OAuthClient client;
    client.id = OAuthClientId("client");
    client.meta.organization = here->organization;
    client.name = "First";
    client.secret_sha256 = "verysecretdigest";
    const auto write = [&](const OAuthClient& entity, std::int64_t expected) {
        UnitOfWork unit;
        unit.puts.push_back({entity, expected});
        AuditEntry entry;
        entry.organization = here->organization;
        entry.time = here->clock.wall();
        entry.actor = {ActorKind::User, "u1"};
        entry.request_id = "req";
        entry.action = "update";
        entry.entity_type = to_string(EntityType::OAuthClient);
        entry.entity_id = "client";
        unit.audit.push_back(std::move(entry));
        return here->submit(std::move(unit));
    };
    ASSERT_TRUE(write(client, kMustNotExist));
    client.name = "Second";
    ASSERT_TRUE(write(client, 1));
    AuditQuery query;
    query.entity_ids = {"client"};
    const auto entries = here->audit(query);
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].before, "");
    EXPECT_NE(entries[1].before.find("\"First\""), std::string::npos);
    EXPECT_NE(entries[1].after.find("\"Second\""), std::string::npos);
    EXPECT_EQ(entries[1].actor.id, "u1");
    for (const auto& entry : entries)
        EXPECT_EQ((entry.before + entry.after).find("verysecretdigest"), std::string::npos);
}

TEST_P(StoreContract, TextFromTheNetworkThatIsNoUtf8IsStoredReadably) {
    Conversation hostile = call("c1");
    hostile.caller_name = "x\xFF\"\\\n";
    ASSERT_TRUE(here->submit(unit_of(hostile)));
    EXPECT_EQ(here->conversation("c1")->caller_name, "x\xEF\xBF\xBD\"\\\n");
}

TEST_P(StoreContract, AfterStopEveryRequestIsRefusedAtOnce) {
    here->store->stop();
    EXPECT_EQ(here->put(here->user("u9")).error().code, ErrorCode::Unavailable);
    here->store->stop();
}

}  // namespace
}  // namespace dp::store
