#include <gtest/gtest.h>

#include <set>

#include "sandbox/magic_numbers.hpp"
#include "sandbox/voice.hpp"

namespace dp::sandbox {
namespace {

TEST(MagicNumbers, StandInTheReservedRangeOnceEach) {
    std::set<std::string_view> seen;
    for (const auto& magic : magic_numbers()) {
        EXPECT_TRUE(seen.insert(magic.number).second) << magic.number;
        EXPECT_GE(magic.number, "+14155550110");
        EXPECT_LE(magic.number, "+14155550199");
        EXPECT_FALSE(magic.behaviour.empty());
    }
    EXPECT_GE(seen.size(), 30U);
}

TEST(MagicNumbers, AreFoundHoweverTheyAreDialled) {
    EXPECT_EQ(script_for("+14155550130").refuse, 486);
    EXPECT_EQ(script_for("9+14155550130").refuse, 486);  // seed 0's first dial rule
    EXPECT_EQ(script_for("14155550130").refuse, 486);
    EXPECT_EQ(script_for("+1-415-555-0130").refuse, 486);
}

TEST(MagicNumbers, AnyOtherNumberAnswersWithinTwoSeconds) {
    for (const char* number : {"+15559876543", "9+15559876543", "+4930123456", "", "alice"}) {
        const auto& script = script_for(number);
        EXPECT_EQ(script.refuse, 0) << number;
        EXPECT_FALSE(script.never_answer);
        EXPECT_LE(script.ring, std::chrono::seconds(2));
    }
}

TEST(Voice, EveryPhraseCanBeHeardAtEveryRate) {
    Voice voice;
    for (std::uint32_t rate : {8000U, 16000U}) {
        EXPECT_GT(voice.phrase(Phrase::Greeting, rate).size(), rate / 2);
        for (char digit : std::string("0123456789*#")) EXPECT_FALSE(voice.digit(digit, rate).empty()) << digit;
    }
}

}  // namespace
}  // namespace dp::sandbox
