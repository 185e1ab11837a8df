#include "api/http/json_reader.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace dp::api {
namespace {

/// The error of reading `body` with `read`, or "ok".
template <class Read>
std::string outcome(std::string_view body, Read read) {
    const auto document = parse_json_object(body);
    if (!document) return document.error().detail;
    JsonReader reader((*document)->get_object());
    read(reader);
    const auto done = reader.finish();
    return done ? "ok" : done.error().field + ": " + done.error().detail;
}

TEST(JsonReader, NamesTheNestedFieldAndTheRule) {
    const auto read = [](JsonReader& body) {
        if (auto* registration = body.required_object("registration")) registration->integer("port", 0, 65535);
    };
    EXPECT_EQ(outcome(R"({"registration":{"port":5060}})", read), "ok");
    EXPECT_EQ(outcome(R"({"registration":{"port":70000}})", read),
              "registration.port: The field registration.port must be between 0 and 65535.");
    EXPECT_EQ(outcome(R"({"registration":{"port":"5060"}})", read),
              "registration.port: The field registration.port must be a whole number.");
    EXPECT_EQ(outcome("{}", read), "registration: The field registration is required.");
    EXPECT_EQ(outcome(R"({"registration":null})", read), "registration: The field registration is required.");
    EXPECT_EQ(outcome(R"({"registration":7})", read), "registration: The field registration must be an object.");
}

TEST(JsonReader, TheFirstErrorWins) {
    EXPECT_EQ(outcome("{}",
                      [](JsonReader& body) {
                          body.required_text("name");
                          body.required_text("edgeGroupId");
                      }),
              "name: The field name is required.");
}

TEST(JsonReader, IntegersAreWholeAndNeverOverflow) {
    const auto read = [](JsonReader& body) { body.required_integer("n", 1, 2000); };
    EXPECT_EQ(outcome(R"({"n":500.0})", read), "ok");
    EXPECT_NE(outcome(R"({"n":500.5})", read), "ok");
    EXPECT_NE(outcome(R"({"n":1e300})", read), "ok");
    EXPECT_NE(outcome(R"({"n":18446744073709551615})", read), "ok");
    EXPECT_NE(outcome(R"({"n":0})", read), "ok");
}

TEST(JsonReader, TextIsBoundedAndHoldsNoControlCharacters) {
    const auto read = [](JsonReader& body) { body.required_text("name", 4); };
    EXPECT_EQ(outcome(R"({"name":"abcd"})", read), "ok");
    EXPECT_NE(outcome(R"({"name":"abcde"})", read), "ok");
    EXPECT_NE(outcome(R"({"name":""})", read), "ok");
    EXPECT_NE(outcome("{\"name\":\"a\\u0000b\"}", read), "ok");
    EXPECT_NE(outcome("{\"name\":\"a\\rb\"}", read), "ok");
}

TEST(JsonReader, TellsWhatNobodyAskedFor) {
    const auto document = parse_json_object(R"({"name":"x","nmae":1,"inner":{"known":1,"strange":2},"selfUri":"/"})");
    JsonReader body((*document)->get_object());
    body.text("name");
    body.ignore({"selfUri"});
    body.object("inner")->integer("known", 0, 9);
    EXPECT_EQ(body.unknown(), (std::vector<std::string>{"nmae", "inner.strange"}));
}

TEST(JsonReader, RefusesWhatIsNotOneJsonObject) {
    for (std::string_view body : {"", "[]", "7", "{", "{}{}", "{\"a\":}", "nul"})
        EXPECT_FALSE(parse_json_object(body)) << body;
    EXPECT_TRUE(parse_json_object("{} \n"));
    std::string deep;
    for (int i = 0; i < 200; ++i) deep += R"({"a":)";
    EXPECT_FALSE(parse_json_object(deep));
}

}  // namespace
}  // namespace dp::api
