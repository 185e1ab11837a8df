#include "app/cli/documents.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "app/cli/event_source_reader.hpp"
#include "app/cli/resource_client.hpp"
#include "app/cli/schema_check.hpp"
#include "app/cli/text_table.hpp"

namespace dp::app::cli {
namespace {

namespace json = boost::json;

std::string fault_of(const std::string& text) {
    const auto read = read_documents(text);
    return read ? "" : read.error().detail;
}

TEST(Documents, AreReadByTheCoreSchemaButForPlusSigns) {
    const auto read =
        read_documents("a: 1\nb: '1'\nc: true\nd: ~\ne: +14155550100\nf: 1.5\ng: [x, -2]\nh: no\ni: 007\n");
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->at(0), json::value({{"a", 1},
                                        {"b", "1"},
                                        {"c", true},
                                        {"d", nullptr},
                                        {"e", "+14155550100"},
                                        {"f", 1.5},
                                        {"g", {"x", -2}},
                                        {"h", "no"},
                                        {"i", 7}}));
}

TEST(Documents, ComeOneOrMany) {
    EXPECT_EQ(read_documents("a: 1\n---\nb: 2\n---\n")->size(), 2U);
    EXPECT_EQ(read_documents(R"([{"a": 1}, {"b": 2}, {"c": "\ud83d\ude00"}])")->size(), 3U);
    EXPECT_EQ(read_documents(R"( {"a": "x: y"})")->at(0), json::value({{"a", "x: y"}}));
}

TEST(Documents, SayWhereTheyAreWrong) {
    EXPECT_TRUE(fault_of("a: 1\na: 2\n").contains("line 2"));
    EXPECT_TRUE(fault_of("a: [1\n").contains("line"));
    EXPECT_TRUE(fault_of("{\"a\": 1").contains("line"));
    EXPECT_TRUE(fault_of("- 1\n").contains("object"));
    EXPECT_TRUE(fault_of("").contains("no document"));
    EXPECT_TRUE(fault_of("? [a]\n: 1\n").contains("key"));
    std::string deep;
    for (int i = 0; i < 100; ++i) deep += "{a: ";
    EXPECT_NE(fault_of("x: " + deep + "1" + std::string(100, '}')), "");
}

TEST(Documents, SmallFilesDoNotBecomeLargeByAliases) {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 10; ++i) {
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 10; ++j) bomb += (j ? ", *a" : "*a") + std::to_string(i - 1);
        bomb += "]\n";
    }
    EXPECT_TRUE(fault_of(bomb).contains("too large"));
}

TEST(Documents, ReadTheirOwnYamlBack) {
    const json::value value{{"text", "plain"},
                            {"truth", "true"},
                            {"old", "yes"},
                            {"number", "+1415"},
                            {"digits", "0042"},
                            {"empty", ""},
                            {"null", "null"},
                            {"tilde", "~"},
                            {"lines", "a\nb: c\n"},
                            {"colon", "a: b"},
                            {"hash", "a #b"},
                            {"dash", "- a"},
                            {"unicode", "Zoë 😀"},
                            {"quote", "\"'"},
                            {"real", 1.5},
                            {"whole", -3},
                            {"none", nullptr},
                            {"list", {1, "2", {}}},
                            {"nothing", json::object{}},
                            {"deep", {{"a", {{"b", json::array{}}}}}}};
    const auto read = read_documents(to_yaml(value));
    ASSERT_TRUE(read) << read.error().detail << to_yaml(value);
    EXPECT_EQ(read->at(0), value) << to_yaml(value);
    EXPECT_EQ(json::parse(to_pretty_json(value)), value);
}

TEST(Documents, FindMembersByPath) {
    const json::value value{{"a", {{"b", "c"}}}, {"n", 1}};
    EXPECT_EQ(text_at(value, "a.b"), "c");
    EXPECT_EQ(text_at(value, "n"), "");
    EXPECT_EQ(member_at(value, "a.x"), nullptr);
    EXPECT_EQ(member_at(value, "n.b"), nullptr);
}

TEST(Holds, LooksOnlyAtWhatIsSaid) {
    const json::value live{
        {"name", "x"}, {"version", 3}, {"site", {{"id", "s"}, {"name", "S"}}}, {"codecs", {"a", "b"}}};
    EXPECT_TRUE(holds(live, {{"name", "x"}, {"site", {{"id", "s"}}}, {"codecs", {"a", "b"}}, {"absent", nullptr}}));
    EXPECT_FALSE(holds(live, {{"codecs", {"a"}}}));
    const json::value members = {{"members", {{{"id", "u"}, {"name", "U"}}, {{"id", "v"}, {"name", "V"}}}}};
    EXPECT_TRUE(holds(members, {{"members", {{{"id", "u"}}, {{"id", "v"}}}}}));
    EXPECT_FALSE(holds(members, {{"members", {{{"id", "v"}}, {{"id", "u"}}}}}));
    EXPECT_FALSE(holds(live, {{"site", {{"id", "t"}}}}));
    EXPECT_FALSE(holds(live, {{"absent", ""}}));
}

TEST(TextTable, AlignsByCodePointsAndCannotBeSteered) {
    EXPECT_EQ(text_table({{"NAME", "ID"}, {"Zoë", "1"}, {"x\x1b[2J", "2"}, {"a\xC2\x9B", ""}}),
              "NAME   ID\nZoë    1\nx?[2J  2\na?\n");
}

TEST(EventSource, IsReadWhateverPiecesItComesIn) {
    const std::string stream =
        ": hello\n\nid: 7\nevent: a.b\ndata: {\"x\":1}\n\nid: 8\r\ndata: one\r\ndata:two\r\nretry: 5\r\n\r\ndata: "
        "c\n\ndata: cut";
    for (std::size_t piece = 1; piece < stream.size(); ++piece) {
        EventSourceReader reader;
        std::string seen;
        for (std::size_t i = 0; i < stream.size(); i += piece)
            EXPECT_TRUE(reader.feed(std::string_view(stream).substr(i, piece), [&](const SentEvent& event) {
                return seen += event.id + "|" + event.type + "|" + event.data + ";", true;
            }));
        EXPECT_EQ(seen, "7|a.b|{\"x\":1};8||one\ntwo;8||c;") << piece;
    }
    EventSourceReader reader;
    EXPECT_FALSE(reader.feed("data: a\n\ndata: b\n\n", [](const SentEvent& event) { return event.data != "a"; }));
}

const json::value kDocument = json::parse(R"({"paths": {"/a/{id}": {}}, "components": {"schemas": {
    "Colour": {"type": "string", "enum": ["red", "blue"]},
    "Thing": {"type": "object", "properties": {"name": {"type": "string", "minLength": 1}, "size": {"type": ["integer", "null"], "maximum": 3},
              "colour": {"$ref": "#/components/schemas/Colour"}, "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
              "either": {"oneOf": [{"type": "string"}, {"type": "null"}]}}, "required": ["name"]},
    "Bag": {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": {"type": "string"}},
    "Both": {"allOf": [{"$ref": "#/components/schemas/Bag"}, {"required": ["a"]}]}}}})");

TEST(SchemaCheck, TakesWhatFits) {
    for (const auto* text : {R"({"name": "x"})", R"({"name": "x", "size": null, "colour": "red"})",
                             R"({"name": "x", "parts": [{"name": "y", "either": null}]})"})
        EXPECT_EQ(schema_fault(kDocument, "Thing", json::parse(text)), "") << text;
    EXPECT_EQ(schema_fault(kDocument, "Both", json::parse(R"({"a": 1, "b": "x"})")), "");
}

TEST(SchemaCheck, NamesTheFieldThatDoesNot) {
    const std::pair<const char*, const char*> faults[] = {
        {R"({})", "Thing.name"},
        {R"({"name": ""})", "Thing.name"},
        {R"({"name": "x", "size": 4})", "Thing.size"},
        {R"({"name": "x", "size": "4"})", "Thing.size"},
        {R"({"name": "x", "colour": "green"})", "Thing.colour"},
        {R"({"name": "x", "color": "red"})", "Thing.color"},
        {R"({"name": "x", "parts": [{"name": "y"}, {}]})", "Thing.parts[1].name"},
        {R"({"name": "x", "either": 1})", "Thing.either"},
        {R"([])", "Thing"}};
    for (const auto& [text, field] : faults) {
        const auto fault = schema_fault(kDocument, "Thing", json::parse(text));
        EXPECT_TRUE(fault.contains(field)) << text << ": " << fault;
    }
    EXPECT_NE(schema_fault(kDocument, "Both", json::parse(R"({"b": "x"})")), "");
    EXPECT_NE(schema_fault(kDocument, "Both", json::parse(R"({"a": 1, "b": 2})")), "");
    EXPECT_NE(schema_fault(kDocument, "Nowhere", json::parse("{}")), "");
    EXPECT_TRUE(has_path(kDocument, "/a/{id}"));
    EXPECT_FALSE(has_path(kDocument, "/b"));
}

}  // namespace
}  // namespace dp::app::cli
