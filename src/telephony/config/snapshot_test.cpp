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
