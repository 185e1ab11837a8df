#include "telephony/phones/sip_accounts.hpp"

#include <gtest/gtest.h>

#include "telephony/phones/short_lived_credential.hpp"
#include "telephony/testing/example.hpp"

namespace dp::telephony {
namespace {

using testing::Example;
using testing::example_time;
using testing::FixedSecrets;

// RFC 7616 section 3.9.1: user Mufasa, realm http-auth@example.org, password "Circle of Life".
TEST(DigestHa1, AgreesWithTheExampleOfTheRfc) {
    EXPECT_EQ(digest_ha1_md5("Mufasa", "http-auth@example.org", "Circle of Life"), "3d78807defe7de2157e2b0b6573a855f");
    EXPECT_EQ(digest_ha1_sha256("Mufasa", "http-auth@example.org", "Circle of Life"),
              "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232");
}

TEST(SipAccounts, GiveTheStoredHa1OfAPhone) {
    const Example example;
    const auto& agent = example.secrets.agents[0];
    const auto found = find_sip_identity(*example.snapshot(), FixedSecrets(), "dialplane.test", agent.sip_username,
                                         DigestAlgorithm::Sha256, example_time());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->ha1, digest_ha1_sha256(agent.sip_username, "dialplane.test", agent.sip_password));
    EXPECT_EQ(found->phone->user, agent.user);
}

TEST(SipAccounts, KnowNobodyElse) {
    Example example;
    const auto known = [&](const char* realm, const char* user, DigestAlgorithm algorithm = DigestAlgorithm::Md5) {
        return find_sip_identity(*example.snapshot(), FixedSecrets(), realm, user, algorithm, example_time())
            .has_value();
    };
    EXPECT_TRUE(known("dialplane.test", "john.doe"));
    EXPECT_FALSE(known("dialplane.test", "jane.doe"));
    EXPECT_FALSE(known("other.test", "john.doe"));
    example.change<Phone>(PhoneId("phone-john.doe"), [](Phone& phone) { phone.sip.digest = DigestPolicy::Sha256Only; });
    EXPECT_FALSE(known("dialplane.test", "john.doe", DigestAlgorithm::Md5));
    EXPECT_TRUE(known("dialplane.test", "john.doe", DigestAlgorithm::Sha256));
    example.change<Phone>(PhoneId("phone-john.doe"), [](Phone& phone) { phone.enabled = false; });
    EXPECT_FALSE(known("dialplane.test", "john.doe", DigestAlgorithm::Sha256));
}

TEST(ShortLived, ACredentialIsTakenUntilItExpires) {
    const Example example;
    const FixedSecrets secrets;
    const auto issued =
        issue_short_lived(secrets, "john.doe", "dialplane.test", example_time(), std::chrono::minutes(10));
    const auto at = [&](std::chrono::seconds later) {
        return find_sip_identity(*example.snapshot(), secrets, "dialplane.test", issued.auth_username,
                                 DigestAlgorithm::Md5, example_time() + later);
    };
    const auto found = at(std::chrono::seconds(599));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->phone->id, PhoneId("phone-john.doe"));
    EXPECT_EQ(found->ha1, digest_ha1_md5(issued.auth_username, "dialplane.test", issued.password));
    EXPECT_FALSE(at(std::chrono::seconds(600)));
}

TEST(ShortLived, ALongerLifeCannotBeClaimed) {
    const FixedSecrets secrets;
    const auto issued =
        issue_short_lived(secrets, "john.doe", "dialplane.test", example_time(), std::chrono::minutes(10));
    const auto name = parse_short_lived(issued.auth_username);
    ASSERT_TRUE(name);
    EXPECT_EQ(name->expires, issued.expires);
    EXPECT_NE(short_lived_password(secrets, "john.doe.4102444800", "dialplane.test"), issued.password);
    for (const char* no : {"john.doe", "john.1", ".1767226200", "john.99999999999", "john.doe.-17672262"})
        EXPECT_FALSE(parse_short_lived(no)) << no;
}

}  // namespace
}  // namespace dp::telephony
