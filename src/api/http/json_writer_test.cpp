#include "api/http/json_writer.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>

namespace dp::api {
namespace {

namespace json = boost::json;

TEST(JsonWriter, NumbersArePlain) {
    EXPECT_EQ(json_text(json::array{1.009, 0.0, 3.0, -2.5, 1e300, 12, UINT64_MAX, INT64_MIN}),
              "[1.009,0,3,-2.5,1e+300,12,18446744073709551615,-9223372036854775808]");
    EXPECT_EQ(json_text(std::numeric_limits<double>::infinity()), "null");
}

TEST(JsonWriter, WhatItWritesReadsAsTheSameValue) {
    const json::value value{
        {"a \"quoted\"\n\\key", json::array{nullptr, true, false, 0.1, json::object{}, json::array{}}},
        {"text", "\x01 tab\t \xC3\xA4 \xF0\x9F\xA6\x86 \x7F"}};
    EXPECT_EQ(json::parse(json_text(value)), value);
}

TEST(JsonWriter, StringsThatAreNoUtf8BecomeSome) {
    EXPECT_EQ(json_text(json::object{{"name",
                                      "a\xFF"
                                      "b"}}),
              "{\"name\":\"a\xEF\xBF\xBD"
              "b\"}");
}

}  // namespace
}  // namespace dp::api
