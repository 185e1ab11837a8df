#include "api/http/paging.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/resources/entity_routes.hpp"

namespace dp::api {
namespace {

net::HttpRequest request(std::vector<std::pair<std::string, std::string>> query) {
    net::HttpRequest out;
    out.path = "/api/v2/users";
    out.query = std::move(query);
    return out;
}

boost::json::object page(const net::HttpRequest& asked, std::size_t total) {
    return list_envelope(asked, *page_of(asked), total, [](std::size_t i) { return boost::json::object{{"n", i}}; });
}

TEST(Paging, GivesTheAskedPageAndItsNeighbours) {
    const auto middle = page(request({{"pageSize", "10"}, {"pageNumber", "2"}, {"name", "a b"}}), 35);
    EXPECT_EQ(middle.at("entities").as_array().size(), 10U);
    EXPECT_EQ(middle.at("entities").as_array().front().at("n").to_number<int>(), 10);
    EXPECT_EQ(middle.at("pageCount").to_number<int>(), 4);
    EXPECT_EQ(middle.at("nextUri"), "/api/v2/users?pageSize=10&pageNumber=3&name=a%20b");
    EXPECT_EQ(middle.at("previousUri"), "/api/v2/users?pageSize=10&pageNumber=1&name=a%20b");
}

TEST(Paging, APagePastTheEndIsEmptyNotAnError) {
    const auto past = page(request({{"pageNumber", "99"}}), 3);
    EXPECT_TRUE(past.at("entities").as_array().empty());
    EXPECT_EQ(past.at("total").to_number<int>(), 3);
    EXPECT_FALSE(past.contains("nextUri"));
}

TEST(Paging, RefusesWhatIsNoPage) {
    for (const char* wrong : {"0", "-1", "501", "x", "99999999999999999999"})
        EXPECT_EQ(page_of(request({{"pageSize", wrong}})).error().field, "pageSize") << wrong;
}

TEST(Wildcard, StarsStandForAnything) {
    EXPECT_TRUE(matches_wildcard("john*", "John Doe"));
    EXPECT_TRUE(matches_wildcard("*d*e", "John Doe"));
    EXPECT_TRUE(matches_wildcard("*", ""));
    EXPECT_FALSE(matches_wildcard("john", "John Doe"));
    EXPECT_FALSE(matches_wildcard("*x*", "John Doe"));
}

TEST(Paging, ACursorCarriesNameAndIdThroughTheNextUri) {
    auto asked = request({{"pageSize", "10"}, {"after", cursor_of("a name, with = and \xc3\xa9", "id-1")}});
    const auto page = page_of(asked);
    ASSERT_TRUE(page);
    EXPECT_EQ(page->after->first, "a name, with = and \xc3\xa9");
    EXPECT_EQ(page->after->second, "id-1");
    const auto shown = list_envelope(asked, *page, 35, {}, cursor_of("b", "id-2"));
    EXPECT_EQ(std::string(shown.at("nextUri").as_string()),
              "/api/v2/users?pageSize=10&pageNumber=2&after=" + net::percent_encode(cursor_of("b", "id-2")));
}

TEST(Paging, ACursorThatIsNoneIsRefused) {
    for (std::string bad : {"", "%", "bm90aGluZw==", "\xff"}) {
        const auto page = page_of(request({{"after", bad}}));
        ASSERT_FALSE(page) << bad;
        EXPECT_EQ(page.error().field, "after");
    }
}

TEST(Paging, OnlyAPrefixWithoutLettersNarrowsTheIndex) {
    EXPECT_EQ(index_prefix("+1415*"), "+1415");
    EXPECT_EQ(index_prefix("+14155552671"), "+14155552671");
    EXPECT_EQ(index_prefix("acme*"), "");
    EXPECT_EQ(index_prefix("*7"), "");
}

}  // namespace
}  // namespace dp::api
