#include "api/http/router.hpp"

#include <gtest/gtest.h>

#include "api/http/reply.hpp"

namespace dp::api {
namespace {

class RouterTest : public testing::Test {
protected:
    RouterTest() {
        for (std::string_view path :
             {"/api/v2/users", "/api/v2/users/me", "/api/v2/users/{userId}", "/api/v2/a/{x}/b/{y}"})
            router.add({"GET", path, {}, [](ApiRequest, Reply) {}});
        router.add({"POST", "/api/v2/users", {}, [](ApiRequest, Reply) {}});
    }
    Router router;
};

TEST_F(RouterTest, LiteralsBeatParameters) {
    EXPECT_EQ(router.match("GET", "/api/v2/users/me").route->path, "/api/v2/users/me");
    const auto match = router.match("GET", "/api/v2/users/a1b2");
    EXPECT_EQ(match.route->path, "/api/v2/users/{userId}");
    EXPECT_EQ(*match.parameters.find("userId"), "a1b2");
}

TEST_F(RouterTest, ParametersAreDecodedOnce) {
    EXPECT_EQ(*router.match("GET", "/api/v2/users/a%2Fb").parameters.find("userId"), "a/b");
    EXPECT_EQ(*router.match("GET", "/api/v2/users/a%252Fb").parameters.find("userId"), "a%2Fb");
    EXPECT_TRUE(router.match("GET", "/api/v2/users/a%zz").malformed);
    EXPECT_TRUE(router.match("GET", "/api/v2/users/a%ff").malformed) << "ids are echoed, so they must be text";
}

TEST_F(RouterTest, SaysWhichMethodsAPathHas) {
    const auto match = router.match("DELETE", "/api/v2/users");
    EXPECT_EQ(match.route, nullptr);
    EXPECT_EQ(match.allowed, "GET, POST");
    EXPECT_EQ(router.match("GET", "/api/v2/nothing").allowed, "");
}

TEST_F(RouterTest, HeadIsGetAndATrailingSlashChangesNothing) {
    EXPECT_NE(router.match("HEAD", "/api/v2/users").route, nullptr);
    EXPECT_NE(router.match("GET", "/api/v2/users/").route, nullptr);
    EXPECT_EQ(router.match("GET", "/api/v2/a//b/2").route, nullptr);
    EXPECT_EQ(router.match("GET", "/api/v2/a/1/b/2").parameters.size(), 2U);
}

}  // namespace
}  // namespace dp::api
