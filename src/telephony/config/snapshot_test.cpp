#include "telephony/config/snapshot.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "telephony/config/snapshot_hub.hpp"
#include "telephony/testing/example.hpp"

namespace dp::telephony {
namespace {

using testing::Example;
using testing::kAcme;
using testing::kAgent48291;
using testing::kJohn;

TEST(Snapshot, FindsEntitiesByIdAndByEverySecondaryKey) {
    const Example example;
    const auto& config = example.config();
    EXPECT_EQ(config.user(kJohn)->name, "John Doe");
    EXPECT_EQ(config.number_by_e164("+15551234567")->routing->id, kJohn.str());
    EXPECT_EQ(config.phones_of(kJohn).size(), 1U);
    EXPECT_EQ(config.phone_by_sip_username("agent-48291")->user, kAgent48291);
    EXPECT_EQ(config.phone_of_station(StationId("phone-john.doe"))->user, kJohn);
    EXPECT_EQ(config.numbers_of(kJohn).front()->e164, "+15551234567");
    EXPECT_EQ(config.trunk_of_provider("sip-trunk-acme-us-east")->id, kAcme);
    EXPECT_EQ(config.trunk_of_provider("Acme US East")->id, kAcme);
    EXPECT_EQ(config.trunk_of_provider("Acme"), nullptr);
    EXPECT_EQ(example.snapshot()->organization_of_domain("dialplane.test")->id(), example.secrets.organization);
    EXPECT_EQ(example.snapshot()->oauth_client(OAuthClientId(example.secrets.oauth_client_id))->name, "First run");
    EXPECT_NE(example.snapshot()->api_key(secret_digest(example.secrets.api_key)), nullptr);
    EXPECT_NE(example.snapshot()->console_login("admin"), nullptr);
}

TEST(Snapshot, SecondaryKeysFollowAChange) {
    Example example;
    example.change<Number>(NumberId("number-john-doe"), [](Number& number) { number.routing->id = kAgent48291.str(); });
    EXPECT_TRUE(example.config().numbers_of(kJohn).empty());
    EXPECT_EQ(example.config().numbers_of(kAgent48291).size(), 2U);
    example.change<Phone>(PhoneId("phone-john.doe"), [](Phone& phone) { phone.user = kAgent48291; });
    EXPECT_TRUE(example.config().phones_of(kJohn).empty());
    EXPECT_EQ(example.config().phones_of(kAgent48291).size(), 2U);
}

TEST(Snapshot, ANumberThatIsNoLongerLiveFreesItsValue) {
    Example example;
    example.change<Number>(NumberId("number-john-doe"), [](Number& number) { number.state = NumberState::Released; });
    EXPECT_EQ(example.config().number_by_e164("+15551234567"), nullptr);
    EXPECT_TRUE(example.config().numbers_of(kJohn).empty());
    EXPECT_NE(example.config().number(NumberId("number-john-doe")), nullptr);
}

TEST(Snapshot, ListsStandInOrderOfNamesAndFollowEveryChange) {
    Example example;
    const auto names = [&example] {
        std::vector<std::string> out;
        example.config().by_name<User>().for_each([&](const Ptr<User>& user) { out.push_back(user->name); });
        return out;
    };
    auto before = names();
    EXPECT_TRUE(std::ranges::is_sorted(before));
    EXPECT_EQ(before.size(), example.config().all<User>().size());
    example.change<User>(kJohn, [](User& user) { user.name = "zzz"; });
    EXPECT_EQ(names().back(), "zzz");
    EXPECT_EQ(names().size(), before.size());
    example.remove(EntityType::User, kJohn.str());
    EXPECT_EQ(std::ranges::count(names(), "zzz"), 0);
    EXPECT_EQ(names().size(), before.size() - 1);
}

TEST(Snapshot, RemovalTakesAnEntityOutOfEveryIndex) {
    Example example;
    example.remove(EntityType::Phone, "phone-john.doe");
    EXPECT_EQ(example.config().phone_by_sip_username("john.doe"), nullptr);
    EXPECT_EQ(example.config().phone_of_station(StationId("phone-john.doe")), nullptr);
    EXPECT_TRUE(example.config().phones_of(kJohn).empty());
}

TEST(Snapshot, AnOlderSnapshotStaysAsItWasWhileTheNextIsMade) {
    Example example;
    const auto before = example.snapshot();
    example.change<User>(kJohn, [](User& user) { user.name = "Jane Doe"; });
    EXPECT_EQ(before->organization(example.secrets.organization)->user(kJohn)->name, "John Doe");
    EXPECT_EQ(example.config().user(kJohn)->name, "Jane Doe");
    EXPECT_EQ(example.snapshot()->revision(), before->revision() + 1);
}

TEST(Snapshot, AnotherOrganizationSeesNothingOfThis) {
    Example example;
    Organization other;
    other.id = OrganizationId("other");
    other.meta.organization = other.id;
    other.sip_domain = "other.test";
    SnapshotBuilder builder(example.snapshot());
    builder.put(testing::stored(other));
    const auto next = builder.finish();
    EXPECT_EQ(next->organization(other.id)->user(kJohn), nullptr);
    EXPECT_EQ(next->organization(other.id)->number_by_e164("+15551234567"), nullptr);
    EXPECT_EQ(next->organizations().size(), 2U);
    EXPECT_NE(next->organization(example.secrets.organization)->user(kJohn), nullptr);
}

// All that two organizations have, type by type in the order of organizations and ids.
template <std::size_t... I>
Ptr<Snapshot> loaded(const Snapshot& from, std::index_sequence<I...>) {
    SnapshotBuilder builder(std::make_shared<const Snapshot>());
    const auto load = [&]<class T>(std::in_place_type_t<T>) {
        std::vector<EntityPtr> entities;
        from.organizations().for_each([&](const Ptr<OrganizationConfig>& config) {
            config->all<T>().for_each([&](const Ptr<T>& each) { entities.emplace_back(each); });
        });
        builder.fill(entities);
    };
    (load(std::in_place_type<std::variant_alternative_t<I, Entity>>), ...);
    return builder.finish();
}

template <class Set>
auto listed(const Set& set) {
    std::vector<const void*> out;
    set.for_each([&](const auto& each) { out.push_back(each.get()); });
    return out;
}

TEST(Snapshot, LoadedAtOnceIsAsMadeOneEntityAfterTheOther) {
    const Example example;
    SnapshotBuilder builder(example.snapshot());
    Organization other;
    other.id = OrganizationId("other");
    other.meta.organization = other.id;
    other.sip_domain = "other.test";
    builder.put(testing::stored(other));
    ApiKey key;
    key.id = ApiKeyId("other-key");
    key.meta.organization = other.id;
    key.key_sha256 = "0123";
    builder.put(testing::stored(key));
    const auto made = builder.finish();
    const auto again = loaded(*made, std::make_index_sequence<kEntityTypes>());
    EXPECT_EQ(again->organizations().size(), 2U);
    EXPECT_EQ(again->api_key("0123"), made->api_key("0123"));
    EXPECT_NE(again->api_key(secret_digest(example.secrets.api_key)), nullptr);
    EXPECT_NE(again->console_login("admin"), nullptr);
    EXPECT_NE(again->oauth_client(OAuthClientId(example.secrets.oauth_client_id)), nullptr);
    const auto& before = example.config();
    const auto& after = *again->organization(example.secrets.organization);
    EXPECT_EQ(listed(after.all<Number>()), listed(before.all<Number>()));
    EXPECT_EQ(listed(after.by_name<Number>()), listed(before.by_name<Number>()));
    EXPECT_EQ(listed(after.by_name<User>()), listed(before.by_name<User>()));
    EXPECT_EQ(listed(after.trunks_by_name()), listed(before.trunks_by_name()));
    EXPECT_EQ(after.numbers_of(kJohn), before.numbers_of(kJohn));
    EXPECT_EQ(after.phones_of(kAgent48291), before.phones_of(kAgent48291));
    EXPECT_NE(after.phone_by_sip_username("agent-48291"), nullptr);
    EXPECT_NE(after.phone_of_station(StationId("phone-john.doe")), nullptr);
}

TEST(SnapshotHub, AReaderSeesWhatWasPublished) {
    SnapshotHub hub;
    SnapshotReader reader(hub);
    EXPECT_TRUE(reader.get()->organizations().empty());
    hub.publish(Example().snapshot());
    EXPECT_EQ(reader.get()->organizations().size(), 1U);
    EXPECT_EQ(reader.get(), hub.current());
}

}  // namespace
}  // namespace dp::telephony
