// The domain's services on a real store: what they refuse, what they write, what they leave behind.

#include <gtest/gtest.h>

#include "store/spill_file.hpp"
#include "store/testing/opened.hpp"
#include "telephony/conversation/conversation_service.hpp"
#include "telephony/numbers/number_service.hpp"
#include "telephony/phones/phone_service.hpp"
#include "telephony/trunks/trunk_service.hpp"

namespace dp::store {
namespace {

using namespace telephony;
using testing::Opened;
using testing::TemporaryDirectory;

class Services : public ::testing::Test {
protected:
    void SetUp() override {
        here.seed();
        ASSERT_TRUE(here.error.detail.empty()) << here.error.detail;
    }
    WriteContext context() {
        WriteContext out;
        out.organization = here.organization;
        out.actor = {ActorKind::OAuthClient, "client-1"};
        out.request_id = "request-1";
        out.now = here.clock.wall();
        return out;
    }
    Result<Committed> wait(auto start) { return Opened::wait<Committed>(start); }
    std::string last_event_type() { return here.events().back().type; }

    TemporaryDirectory directory;
    Opened here{directory.path(), Threading::Inline};
    telephony::testing::FixedSecrets secrets;
    ConfigurationService configuration{*here.store, here.random};
    TrunkService trunks{*here.store, secrets, here.random};
    NumberService numbers{*here.store, here.random};
    PhoneService phones{*here.store, secrets, here.random};
    LiveConversations live;
    ConversationService conversations{*here.store, live, here.random};
};

// seed 1, BuildTrunkPayload.
TrunkCommand seed_trunk() {
    TrunkCommand command;
    command.trunk.name = "Automated-Connect-Trunk";
    command.trunk.edge_group = EdgeGroupId("edge-group-us-east");
    command.trunk.sip_profile = SipProfileId("sip-profile-standard");
    command.trunk.max_concurrent_sessions = 500;
    command.trunk.registration.host = "sip.carrier.example.com";
    command.trunk.registration.username = "trunk_user_01";
    command.codecs = {"G711u", "G729", "Opus"};
    command.password = "secure_trunk_password";
    return command;
}

TEST_F(Services, ATrunkIsCreatedWithItsPasswordSealedAndItsAuditEventWritten) {
    const auto created = wait([&](auto r) { trunks.create(context(), seed_trunk(), here.executor, std::move(r)); });
    ASSERT_TRUE(created) << created.error().detail;
    const auto trunk = std::get<Ptr<Trunk>>(created->entities.at(0));
    EXPECT_EQ(trunk->codecs, (CodecList{Codec::Pcmu, Codec::G729, Codec::Opus}));
    EXPECT_EQ(secrets.open(trunk->registration.password, password_context(trunk->id)).value(), "secure_trunk_password");
    EXPECT_EQ(last_event_type(), "audit:edge:updated");
    EXPECT_EQ(here.audit().back().actor.id, "client-1");
    EXPECT_EQ(here.audit().back().after.find("secure_trunk_password"), std::string::npos);
}

TEST_F(Services, ATrunkWithTheSameGroupHostAndUserIsADuplicateWithItsId) {
    const auto first = wait([&](auto r) { trunks.create(context(), seed_trunk(), here.executor, std::move(r)); });
    const auto second = wait([&](auto r) { trunks.create(context(), seed_trunk(), here.executor, std::move(r)); });
    EXPECT_EQ(second.error().code, ErrorCode::Duplicate);
    EXPECT_EQ(second.error().field, std::get<Ptr<Trunk>>(first->entities.at(0))->id.str());
}

TEST_F(Services, TrunkCodecsAreTheSeedsFiveNamesCaseSensitively) {
    for (const char* wrong : {"opus", "G722", "PCMU", "g711U"}) {
        TrunkCommand command = seed_trunk();
        command.codecs = {"G711u", wrong};
        const auto refused =
            wait([&](auto r) { trunks.create(context(), std::move(command), here.executor, std::move(r)); });
        ASSERT_FALSE(refused) << wrong;
        EXPECT_EQ(refused.error().field, "codecs");
        EXPECT_NE(refused.error().detail.find(wrong), std::string::npos);
    }
}

TEST_F(Services, ReplacingATrunkWithoutOrWithAMaskedPasswordKeepsIt) {
    const auto created = wait([&](auto r) { trunks.create(context(), seed_trunk(), here.executor, std::move(r)); });
    const auto before = std::get<Ptr<Trunk>>(created->entities.at(0));
    for (const std::optional<std::string>& password :
         {std::optional<std::string>(), std::optional<std::string>(kMaskedSecret)}) {
        TrunkCommand command = seed_trunk();
        command.trunk.id = before->id;
        command.trunk.max_concurrent_sessions += password ? 2 : 1;
        command.password = password;
        const auto done = wait(
            [&](auto r) { trunks.replace(context(), std::move(command), kMustExist, here.executor, std::move(r)); });
        ASSERT_TRUE(done) << done.error().detail;
        EXPECT_EQ(std::get<Ptr<Trunk>>(done->entities.at(0))->registration.password, before->registration.password);
    }
    EXPECT_EQ(here.config().trunk(before->id)->meta.version, 3);
}

TEST_F(Services, AnOrderedNumberIsPendingAndCanBeAssignedOnlyOnceActive) {
    Number number;
    number.e164 = "+14155552671";
    number.provider = "sip-trunk-acme-us-east";
    number.location = LocationId("us_east_1");
    number.routing = NumberRouting{.kind = RoutingKind::Queue,
                                   .id = "queue-inbound-sales",
                                   .display_name = {},
                                   .routing_type = {},
                                   .callflow = {}};
    const auto ordered = wait([&](auto r) { numbers.order(context(), number, here.executor, std::move(r)); });
    ASSERT_TRUE(ordered) << ordered.error().detail;
    const NumberId id = std::get<Ptr<Number>>(ordered->entities.at(0))->id;
    EXPECT_EQ(here.config().number(id)->state, NumberState::Pending);
    const NumberRouting to_user{.kind = RoutingKind::User,
                                .id = "user-agent-48291",
                                .display_name = "Agent Direct Line",
                                .routing_type = "direct",
                                .callflow = CallFlowId("cf-inbound-ivr-main")};
    const auto assign = [&] {
        return wait([&](auto r) {
            numbers.update(context(), id, {.routing = to_user}, kMustExist, here.executor, std::move(r));
        });
    };
    const auto early = assign();
    EXPECT_EQ(early.error().code, ErrorCode::Conflict);
    EXPECT_NE(early.error().detail.find("pending"), std::string::npos) << early.error().detail;
    const NumberChange confirmed{.job = here.config().number(id)->job->id,
                                 .transitions = {NumberTransition::OrderPlaced, NumberTransition::Confirmed}};
    ASSERT_TRUE(wait([&](auto r) { numbers.change(context(), id, confirmed, here.executor, std::move(r)); }));
    EXPECT_FALSE(here.config().number(id)->job) << "nothing is under way any more";
    ASSERT_TRUE(assign());
    EXPECT_EQ(here.config().number(id)->routing->callflow, CallFlowId("cf-inbound-ivr-main"));
    EXPECT_EQ(last_event_type(), "number.routing.changed");
    EXPECT_EQ(wait([&](auto r) { numbers.order(context(), number, here.executor, std::move(r)); }).error().code,
              ErrorCode::Duplicate);
}

TEST_F(Services, APhoneComesWithItsStationAndAPasswordThatIsShownOnce) {
    Phone phone;
    phone.name = "AgentName_WebRTC";
    phone.site = SiteId("site-us-east");
    phone.base_settings = PhoneBaseSettingsId("Support_WebRTC_Standard");
    phone.user = telephony::testing::kJohn;
    const auto created =
        Opened::wait<CreatedPhone>([&](auto r) { phones.create(context(), phone, here.executor, std::move(r)); });
    ASSERT_TRUE(created) << created.error().detail;
    EXPECT_EQ(here.config().phone_of_station(created->phone->station), created->phone);
    EXPECT_EQ(created->sip_password.size(), 43U);
    const auto& sip = created->phone->sip;
    EXPECT_EQ(secrets.open(sip.ha1_md5, ha1_context(sip.username, "dialplane.test")).value(),
              digest_ha1_md5(sip.username, "dialplane.test", created->sip_password));
    const auto reset = Opened::wait<CreatedPhone>(
        [&](auto r) { phones.reset_password(context(), created->phone->id, here.executor, std::move(r)); });
    EXPECT_NE(reset->sip_password, created->sip_password);
    EXPECT_NE(reset->phone->sip.ha1_md5, sip.ha1_md5);
}

TEST_F(Services, APhoneWithoutBaseSettingsIsRefused) {
    Phone phone;
    phone.name = "x";
    phone.site = SiteId("site-us-east");
    const auto refused =
        Opened::wait<CreatedPhone>([&](auto r) { phones.create(context(), phone, here.executor, std::move(r)); });
    EXPECT_EQ(refused.error().field, "phoneBaseSettings.id");
}

TEST_F(Services, WhatIsInUseIsNotRemovedAndTheAnswerNamesWhy) {
    const auto refused = wait([&](auto r) {
        configuration.remove(context(), EntityType::PhoneBaseSettings, "Support_WebRTC_Standard", kAnyVersion,
                             here.executor, std::move(r));
    });
    EXPECT_EQ(refused.error().code, ErrorCode::Conflict);
    EXPECT_NE(refused.error().detail.find("phone '"), std::string::npos);
}

TEST_F(Services, AUserGoesWithTheirSettingsAndLoginsOnceNothingElseNeedsThem) {
    User user = here.user("leaver");
    ASSERT_TRUE(wait([&](auto r) { configuration.create(context(), user, here.executor, std::move(r)); }));
    UserTelephonySettings settings;
    settings.id = user.id;
    ASSERT_TRUE(wait([&](auto r) { configuration.create(context(), settings, here.executor, std::move(r)); }));
    ConsoleCredential login;
    login.login = "leaver";
    login.user = user.id;
    ASSERT_TRUE(wait([&](auto r) { configuration.create(context(), login, here.executor, std::move(r)); }));
    const auto remove = [&](const char* id) {
        return wait([&](auto r) {
            configuration.remove(context(), EntityType::User, id, kAnyVersion, here.executor, std::move(r));
        });
    };
    const auto removed = remove("leaver");
    ASSERT_TRUE(removed) << removed.error().detail;
    EXPECT_EQ(here.config().settings_of(user.id), nullptr);
    EXPECT_EQ(here.store->snapshots().current()->console_login("leaver"), nullptr);
    EXPECT_EQ(remove("user-agent-48291").error().code, ErrorCode::Conflict) << "has a phone, a number and a queue";
}

PlaceCall seed_call() {
    PlaceCall call;
    call.agent = telephony::testing::kJohn;
    call.agent_name = "John Doe";
    call.caller_id = "+15551234567";
    call.destination = "+15559876543";
    call.type = "pstn";
    return call;
}

TEST_F(Services, APlacedCallIsStoredQueuedAndVisibleBeforeItIsAnswered) {
    auto prepared = conversations.prepare(context(), seed_call());
    ASSERT_TRUE(prepared) << prepared.error().detail;
    const ConversationId id = prepared->conversation->id;
    const auto placed = Opened::wait<PlacedCall>(
        [&](auto r) { conversations.place(context(), std::move(*prepared), here.executor, std::move(r)); });
    ASSERT_TRUE(placed);
    EXPECT_EQ(live.find(id)->status, ConversationStatus::Queued);
    EXPECT_EQ(here.conversation(id.str())->status, ConversationStatus::Queued);
    EXPECT_EQ(here.conversation(id.str())->participants.size(), 2U);
    EXPECT_EQ(last_event_type(), "conversation.created");
    EXPECT_EQ(here.audit().back().action, "call.place");
}

TEST_F(Services, ARepeatedRequestPlacesNoSecondCall) {
    const auto attempt = [&] {
        WriteContext with_key = context();
        auto prepared = conversations.prepare(with_key, seed_call());
        with_key.idempotency = IdempotencyRecord{"client-1 POST /conversations/calls", "key", "digest", 201,
                                                 prepared->conversation->id.str()};
        return Opened::wait<PlacedCall>([&](auto r) {
            conversations.place(std::move(with_key), std::move(*prepared), here.executor, std::move(r));
        });
    };
    const auto first = attempt();
    const auto second = attempt();
    EXPECT_FALSE(first->replay);
    ASSERT_TRUE(second->replay);
    EXPECT_EQ(second->replay->response, first->conversation->id.str());
    EXPECT_EQ(live.find(second->conversation->id), nullptr) << "the second record was never stored";
    EXPECT_EQ(here.events({.types = {"conversation.created"}}).size(), 1U);
}

TEST_F(Services, ACallThatCannotBeHandedOverEndsAsOverloaded) {
    auto prepared = conversations.prepare(context(), seed_call());
    const auto placed = Opened::wait<PlacedCall>(
        [&](auto r) { conversations.place(context(), std::move(*prepared), here.executor, std::move(r)); });
    ASSERT_TRUE(wait([&](auto r) {
        conversations.abandon(context(), *placed->conversation, EndReason::Overloaded, here.executor, std::move(r));
    }));
    const auto ended = here.conversation(placed->conversation->id.str());
    EXPECT_EQ(ended->status, ConversationStatus::Failed);
    EXPECT_EQ(ended->termination->reason, EndReason::Overloaded);
    EXPECT_EQ(last_event_type(), "conversation.ended");
}

TEST_F(Services, AnotherOrganizationsConversationIsNotThere) {
    auto prepared = conversations.prepare(context(), seed_call());
    const auto placed = Opened::wait<PlacedCall>(
        [&](auto r) { conversations.place(context(), std::move(*prepared), here.executor, std::move(r)); });
    const auto find = [&](const OrganizationId& organization) {
        return Opened::wait<Ptr<Conversation>>(
            [&](auto r) { conversations.find(organization, placed->conversation->id, here.executor, std::move(r)); });
    };
    EXPECT_TRUE(find(here.organization));
    EXPECT_EQ(find(OrganizationId("other")).error().code, ErrorCode::NotFound);
    live.erase(placed->conversation->id);
    EXPECT_TRUE(find(here.organization)) << "from the store";
    EXPECT_EQ(find(OrganizationId("other")).error().code, ErrorCode::NotFound);
}

TEST_F(Services, TheOutboxMakesTheControlThreadsTransitionsDurable) {
    auto prepared = conversations.prepare(context(), seed_call());
    const auto placed = Opened::wait<PlacedCall>(
        [&](auto r) { conversations.place(context(), std::move(*prepared), here.executor, std::move(r)); });
    SpillFile spill(spill_path(directory.path()), here.executor);
    Outbox outbox(*here.store, here.executor, live, spill);
    auto next = std::make_shared<Conversation>(*placed->conversation);
    ASSERT_TRUE(advance(*next, ConversationStatus::Ringing, here.clock.wall()));
    outbox.record(next, {conversation_event(*next, event_type::kConversationUpdated, here.clock.wall())});
    EXPECT_EQ(here.conversation(next->id.str())->status, ConversationStatus::Ringing);
    EXPECT_EQ(last_event_type(), "conversation.updated");
    EXPECT_TRUE(outbox.drained());
}

}  // namespace
}  // namespace dp::store
