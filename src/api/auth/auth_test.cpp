#include <gtest/gtest.h>

#include "api/auth/authenticator.hpp"
#include "api/auth/rate_limiter.hpp"
#include "api/auth/route_permissions.hpp"
#include "telephony/config/snapshot_builder.hpp"
#include "telephony/testing/example.hpp"

namespace dp::api {
namespace {

using namespace std::chrono_literals;

TEST(RateLimiter, CountsAWindowAndSaysWhenItEnds) {
    RateLimiter limiter;
    ManualClock clock;
    for (int i = 1; i <= 3; ++i) EXPECT_EQ(limiter.count("a", 3, clock.now()).count, i);
    clock.advance(20s);
    const auto refused = limiter.count("a", 3, clock.now());
    EXPECT_FALSE(refused.allowed);
    EXPECT_EQ(refused.reset, 40s);
    EXPECT_TRUE(limiter.count("b", 3, clock.now()).allowed);
    clock.advance(40s);
    EXPECT_EQ(limiter.count("a", 3, clock.now()).count, 1);
    EXPECT_TRUE(limiter.count("a", 0, clock.now()).allowed);
}

TEST(Scopes, AnyOfTheWantedAndCoarseHoldsReadOnly) {
    Caller caller;
    caller.kind = CallerKind::Token;
    caller.scopes = {"users", "telephony:edge:read"};
    EXPECT_TRUE(holds_any(caller, {}));
    EXPECT_TRUE(holds_any(caller, {"users:readonly"}));
    EXPECT_TRUE(holds_any(caller, {"x", "telephony:edge:read"}));
    EXPECT_FALSE(holds_any(caller, {"telephony:edge:write"}));
    EXPECT_FALSE(holds_any(Caller{}, {}));
}

class AuthenticatorTest : public testing::Test {
protected:
    AuthenticatorTest() {
        telephony::AccessGrant token;
        token.token_sha256 = telephony::secret_digest("token-1");
        token.organization = example.secrets.organization;
        token.user = telephony::testing::kJohn;
        token.expires = clock.wall() + 1h;
        grants.add(token, clock.wall());
        telephony::AccessGrant session = token;
        session.token_sha256 = telephony::secret_digest("session-1");
        session.kind = telephony::GrantKind::ConsoleSession;
        grants.add(session, clock.wall());
    }
    Result<Caller> authenticate(std::string method, std::vector<net::HttpHeader> headers) {
        net::HttpRequest request;
        request.method = std::move(method);
        request.headers = std::move(headers);
        request.headers.push_back({"Host", "127.0.0.1:8080"});
        DP_TRY(caller, authenticator.authenticate(request, accepted, *snapshot, clock.wall()));
        return *caller;
    }

    telephony::testing::Example example;
    ManualClock clock;
    GrantTable grants;
    Authenticator authenticator{grants};
    telephony::Ptr<telephony::Snapshot> snapshot = example.snapshot();
    Credentials accepted = Credentials::Token;
};

TEST_F(AuthenticatorTest, BearerTokensAreKnownUntilTheyExpire) {
    EXPECT_EQ(authenticate("GET", {{"Authorization", "bearer token-1"}})->user, telephony::testing::kJohn);
    EXPECT_EQ(authenticate("GET", {{"Authorization", "Bearer token-2"}}).error().code, ErrorCode::Unauthenticated);
    EXPECT_EQ(authenticate("GET", {})->kind, CallerKind::Anonymous);
    clock.advance(1h);
    EXPECT_EQ(authenticate("GET", {{"Authorization", "Bearer token-1"}}).error().code, ErrorCode::Unauthenticated);
}

TEST_F(AuthenticatorTest, AKnownTokenIsJudgedByTheConfigurationAsItStandsNow) {
    const std::vector<net::HttpHeader> token{{"Authorization", "Bearer token-1"}};
    auto user = *example.config().user(telephony::testing::kJohn);
    user.permissions = {"a:b:c"};
    EXPECT_NE(authenticate("GET", token)->permissions, user.permissions);
    example.put(user);
    snapshot = example.snapshot();
    EXPECT_EQ(authenticate("GET", token)->permissions, user.permissions);
    user.state = telephony::UserState::Inactive;
    example.put(user);
    snapshot = example.snapshot();
    EXPECT_EQ(authenticate("GET", token).error().code, ErrorCode::Unauthenticated);
}

TEST_F(AuthenticatorTest, AKnownTokenThatIsRevokedIsRefusedAtOnce) {
    const std::vector<net::HttpHeader> token{{"Authorization", "Bearer token-1"}};
    EXPECT_TRUE(authenticate("GET", token));
    grants.remove(telephony::secret_digest("token-1"));
    EXPECT_EQ(authenticate("GET", token).error().code, ErrorCode::Unauthenticated);
}

TEST_F(AuthenticatorTest, TheConfiguredRateHoldsForWhoeverHasNoLimitOfTheirOwn) {
    const auto rate = [this](const Authenticator& by, std::int32_t own) {
        telephony::SnapshotBuilder builder(std::make_shared<const telephony::Snapshot>());
        telephony::Organization organization;
        organization.id = telephony::OrganizationId("o");
        organization.meta.organization = organization.id;
        builder.put(std::make_shared<const telephony::Organization>(organization));
        telephony::OAuthClient client;
        client.meta.organization = organization.id;
        client.id = telephony::OAuthClientId("c");
        client.requests_per_minute = own;
        builder.put(std::make_shared<const telephony::OAuthClient>(std::move(client)));
        net::HttpRequest request;
        request.headers.push_back({"Authorization", "Bearer token-of-c"});
        const auto caller = by.authenticate(request, Credentials::Token, *builder.finish(), clock.wall());
        return caller ? (*caller)->requests_per_minute : -1;
    };
    telephony::AccessGrant grant;
    grant.token_sha256 = telephony::secret_digest("token-of-c");
    grant.client = telephony::OAuthClientId("c");
    grant.expires = clock.wall() + 1h;
    grants.add(grant, clock.wall());
    EXPECT_EQ(rate(authenticator, 0), 300);
    EXPECT_EQ(rate(Authenticator(grants, 0), 0), 0);
    EXPECT_EQ(rate(Authenticator(grants, 50), 0), 50);
    EXPECT_EQ(rate(Authenticator(grants, 50), 70), 70);
}

TEST_F(AuthenticatorTest, AKindOfSecretWorksInItsOwnPlaceOnly) {
    EXPECT_FALSE(authenticate("GET", {{"Authorization", "Bearer session-1"}}));
    EXPECT_FALSE(authenticate("GET", {{"Cookie", "__Host-dialplane=token-1"}}));
    EXPECT_EQ(authenticate("GET", {{"Cookie", "a=b; __Host-dialplane=session-1"}, {"Authorization", "Bearer token-1"}})
                  .error()
                  .code,
              ErrorCode::InvalidValue);
}

TEST_F(AuthenticatorTest, ACookieNeedsOurOriginAndTheConsolesHeaderForUnsafeMethods) {
    const net::HttpHeader cookie{"Cookie", "__Host-dialplane=session-1"};
    const net::HttpHeader ours{"Origin", "http://127.0.0.1:8080"};
    const net::HttpHeader console{"X-Dialplane-Console", "1"};
    EXPECT_TRUE(authenticate("GET", {cookie}));
    EXPECT_TRUE(authenticate("POST", {cookie, ours, console}));
    EXPECT_FALSE(authenticate("POST", {cookie, console}));
    EXPECT_FALSE(authenticate("POST", {cookie, ours}));
    // Another port of the same host is the same site to SameSite, not the same origin.
    EXPECT_FALSE(authenticate("POST", {cookie, {"Origin", "http://127.0.0.1:9090"}, console}));
}

TEST_F(AuthenticatorTest, AnApiKeyOpensOnlyTheRoutesThatTakeOne) {
    const net::HttpHeader key{"X-API-Key", example.secrets.api_key};
    EXPECT_EQ(authenticate("GET", {key})->kind, CallerKind::Anonymous);
    accepted = Credentials::TokenOrApiKey;
    EXPECT_EQ(authenticate("GET", {key})->kind, CallerKind::ApiKey);
    EXPECT_TRUE(authenticate("GET", {key})->may("telephony:telephonyConfig:edit"));
    EXPECT_EQ(authenticate("GET", {{"X-API-Key", "dg_nobody"}}).error().code, ErrorCode::Unauthenticated);
    EXPECT_EQ(authenticate("GET", {key, {"Authorization", "Bearer token-1"}}).error().code, ErrorCode::InvalidValue);
}

TEST_F(AuthenticatorTest, AUsersTokenGoesByTheUsersRolesAndEndsWithThem) {
    const auto caller = authenticate("GET", {{"Authorization", "Bearer token-1"}});
    EXPECT_TRUE(caller->may("conversation:call:add"));
    EXPECT_FALSE(caller->may("telephony:plugin:all"));
    EXPECT_TRUE(caller->may_act_for(telephony::testing::kJohn));
    EXPECT_FALSE(caller->may_act_for(telephony::testing::kAgent48291));
    example.change<telephony::User>(telephony::testing::kJohn,
                                    [](telephony::User& user) { user.state = telephony::UserState::Inactive; });
    snapshot = example.snapshot();
    EXPECT_EQ(authenticate("GET", {{"Authorization", "Bearer token-1"}}).error().code, ErrorCode::Unauthenticated);
}

TEST_F(AuthenticatorTest, WhatACallerOpenedStandsForAsLongAsTheCredentialDoes) {
    const auto caller = authenticate("GET", {{"Authorization", "Bearer token-1"}});
    int told = 0;
    grants.on_end([&] { ++told; });
    EXPECT_TRUE(authenticator.renewed(*caller, *snapshot, clock.wall())->may("conversation:call:add"));
    EXPECT_FALSE(authenticator.renewed(*caller, *snapshot, clock.wall() + 24h * 365)) << "it expires without a word";
    EXPECT_EQ(told, 0);
    grants.remove(caller->grant);
    grants.remove(caller->grant);
    EXPECT_EQ(told, 1);
    EXPECT_EQ(authenticator.renewed(*caller, *snapshot, clock.wall()).error().code, ErrorCode::Unauthenticated);
}

TEST(RoutePermissions, TheLongestPrefixSpeaksAndTheUnknownIsClosed) {
    using Permissions = std::vector<std::string>;
    EXPECT_EQ(route_permissions("GET", "/api/v2/users/me"), Permissions{});
    EXPECT_EQ(route_permissions("DELETE", "/api/v2/users/{userId}"), Permissions{"directory:user:delete"});
    EXPECT_EQ(route_permissions("PUT", "/api/v2/users/{userId}/roles"), Permissions{"authorization:grant:add"});
    EXPECT_EQ(route_permissions("POST", "/api/v2/telephony/phone/numbers"),
              (Permissions{"telephony:phoneNumber:edit", "telephony:plugin:all"}));
    EXPECT_EQ(route_permissions("GET", "/api/v2/telephony/phone/numbersX"), Permissions{"telephony:plugin:all"});
    EXPECT_EQ(route_permissions("GET", "/somewhere/new"), Permissions{"telephony:plugin:all"});
}

}  // namespace
}  // namespace dp::api
