#include "telephony/dialing/dial_rules.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/random.hpp"

namespace dp::telephony {
namespace {

DialRule rule(std::string pattern, std::string prefix) {
    return {std::move(pattern), std::move(prefix), ""};
}

TEST(DialRules, TheSeedsRulesPutTheirPrefixInFront) {
    const std::vector<DialRule> rules{rule(R"(^\d{3}$)", "+1415555"), rule(R"(^\d{10}$)", "+1")};
    EXPECT_EQ(apply_dial_rules(rules, "4155550110")->result, "+14155550110");
    EXPECT_EQ(apply_dial_rules(rules, "123")->rule, 0U);
    EXPECT_FALSE(apply_dial_rules(rules, "12345"));
    EXPECT_FALSE(apply_dial_rules({}, "123"));
}

TEST(DialRules, APatternThatWouldCostTooMuchIsRefused) {
    EXPECT_TRUE(check_pattern(R"(^\d{7,10}$)", "pattern"));
    for (const std::string& pattern : {std::string("(\\d{50}){50}"), std::string(257, '1'), std::string("("),
                                       std::string("(?=1)2"), std::string("\\1"), std::string("[9-0]")}) {
        const auto refused = check_pattern(pattern, "webRtc.dialRules[0].pattern");
        ASSERT_FALSE(refused) << pattern;
        EXPECT_EQ(refused.error().field, "webRtc.dialRules[0].pattern");
    }
}

// --- properties, over generated rules. What a pattern means is computed a second way: beside each piece that is written
// down stands the set of places where it may end.

using Places = std::set<std::size_t>;

class Generator {
public:
    explicit Generator(std::uint64_t seed) : random_(seed) {}

    struct Pattern {
        std::string text;
        bool matches = false;  ///< anywhere in the number that it was made beside
    };

    std::string number() {
        std::string out = one_in(3) ? "+" : "";
        for (auto left = random_.between(0, 12); left > 0; --left) out += digit();
        return out;
    }
    Pattern pattern(const std::string& number) {
        number_ = number;
        Places from{0};
        const bool at_start = one_in(2), at_end = one_in(2);
        if (!at_start)
            for (std::size_t i = 1; i <= number.size(); ++i) from.insert(i);
        std::string text = at_start ? "^" : "";
        Places ends = sequence(text, from, 2);
        if (at_end) {
            text += "$";
            ends = ends.contains(number.size()) ? Places{number.size()} : Places{};
        }
        return {text, !ends.empty()};
    }
    bool one_in(std::uint64_t n) { return random_.between(1, n) == 1; }
    std::uint64_t below(std::uint64_t n) { return random_.between(0, n - 1); }

private:
    char digit() { return static_cast<char>('0' + random_.between(0, 3)); }

    Places sequence(std::string& text, Places from, int depth) {
        for (auto left = random_.between(1, 3); left > 0; --left) from = repeated(text, from, depth);
        return from;
    }
    Places repeated(std::string& text, const Places& from, int depth) {
        const auto rewind = random_;  // the same piece is walked once for each repetition
        std::string piece;
        Places at = one(piece, from, depth);
        text += piece;
        if (!one_in(3)) return at;
        const auto low = random_.between(0, 2), high = low + random_.between(0, 3);
        text += "{" + std::to_string(low) + "," + std::to_string(high) + "}";
        const auto onward = random_;
        Places out, now = from;
        if (low == 0) out = from;
        for (std::uint64_t count = 1; count <= high; ++count) {
            random_ = rewind;
            std::string again;
            now = one(again, now, depth);
            if (count >= low) out.insert(now.begin(), now.end());
        }
        random_ = onward;
        return out;
    }
    Places one(std::string& text, const Places& from, int depth) {
        switch (random_.between(0, depth > 0 ? 4 : 3)) {
            case 0:
                text += "\\d";
                return step(from, [](char c) { return c >= '0' && c <= '9'; });
            case 1: {
                const char low = digit(), high = static_cast<char>(low + 1);
                text += std::string("[") + low + "-" + high + "]";
                return step(from, [=](char c) { return c == low || c == high; });
            }
            case 2:
                text += "\\+";
                return step(from, [](char c) { return c == '+'; });
            case 3: {
                const char only = digit();
                text += only;
                return step(from, [=](char c) { return c == only; });
            }
            default: {
                text += "(?:";
                Places out = sequence(text, from, depth - 1);
                text += "|";
                const Places other = sequence(text, from, depth - 1);
                text += ")";
                out.insert(other.begin(), other.end());
                return out;
            }
        }
    }
    template <typename Takes>
    Places step(const Places& from, Takes takes) const {
        Places out;
        for (const std::size_t at : from)
            if (at < number_.size() && takes(number_[at])) out.insert(at + 1);
        return out;
    }

    SeededRandom random_;
    std::string number_;
};

TEST(DialRuleProperties, TheFirstRuleThatMatchesWinsAndItsPrefixIsPutInFrontOnce) {
    std::size_t matched = 0;
    for (std::uint64_t seed = 0; seed < 5000; ++seed) {
        Generator generate(seed);
        const std::string number = generate.number();
        std::vector<DialRule> rules;
        std::optional<std::size_t> first;
        for (std::uint64_t count = generate.below(5); count > 0; --count) {
            const auto pattern = generate.pattern(number);
            ASSERT_TRUE(check_pattern(pattern.text, "pattern")) << pattern.text;
            EXPECT_EQ(pattern_matches(pattern.text, number), pattern.matches) << pattern.text << " in " << number;
            if (pattern.matches && !first) first = rules.size();
            rules.push_back(rule(pattern.text, generate.number()));
        }
        const auto found = apply_dial_rules(rules, number);
        ASSERT_EQ(found.has_value(), first.has_value()) << seed;
        if (!found) continue;
        ++matched;
        EXPECT_EQ(found->rule, *first) << seed;
        EXPECT_EQ(found->result, rules[*first].prefix + number) << seed;
        rules.resize(*first + 1);
        EXPECT_EQ(apply_dial_rules(rules, number)->result, found->result) << "what follows a match counts for nothing";
    }
    EXPECT_GT(matched, 1000U) << "the generator must not make rules that match nothing";
    EXPECT_LT(matched, 4500U);
}

TEST(DialRuleProperties, HostilePatternsAreAnAnswerNotACrash) {
    const std::string alphabet = "()[]{},*+?|^$.\\-:=!<>0123456789dwDWbBpPQE\xc3\xff\n ";
    SeededRandom random(7);
    for (int round = 0; round < 20'000; ++round) {
        std::string pattern, number;
        for (auto left = random.between(0, 40); left > 0; --left)
            pattern += alphabet[random.between(0, alphabet.size() - 1)];
        for (auto left = random.between(0, 30); left > 0; --left)
            number += alphabet[random.between(0, alphabet.size() - 1)];
        const auto checked = check_pattern(pattern, "pattern");
        if (!checked) EXPECT_FALSE(checked.error().detail.empty());
        const auto found = apply_dial_rules(std::vector{rule(pattern, "9")}, number);
        if (found) EXPECT_EQ(found->result, "9" + number);
    }
}

}  // namespace
}  // namespace dp::telephony
