#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace dp {
namespace {

TEST(Utf8, ValidTextStaysAsItIs) {
    for (std::string_view text : {"", "plain", "Zo\xC3\xAB", "\xE2\x82\xAC", "\xF0\x9F\x93\x9E"}) {
        EXPECT_TRUE(is_valid_utf8(text));
        EXPECT_EQ(to_valid_utf8(text), text);
    }
}

TEST(Utf8, OverlongSurrogateTruncatedAndStrayOctetsAreReplaced) {
    for (std::string_view text :
         {"\xC0\xAF", "\xED\xA0\x80", "\xE2\x82", "\x80", "\xF5\x80\x80\x80", "\xF0\x80\x80\x80"}) {
        EXPECT_FALSE(is_valid_utf8(text));
        EXPECT_TRUE(is_valid_utf8(to_valid_utf8(text)));
    }
    EXPECT_EQ(to_valid_utf8("a\xFFz"), "a\xEF\xBF\xBDz");
}

}  // namespace
}  // namespace dp
