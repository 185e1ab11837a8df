#include "telephony/numbers/national_dialling.hpp"

#include <gtest/gtest.h>

namespace dp::telephony {
namespace {

struct Written {
    const char* country;
    const char* digits;
    const char* meant;
};

class NationalNumbers : public ::testing::TestWithParam<Written> {};

TEST_P(NationalNumbers, AreCompleted) {
    const NationalDialling* dialling = dialling_in(GetParam().country);
    ASSERT_NE(dialling, nullptr);
    EXPECT_EQ(complete_number(*dialling, GetParam().digits), GetParam().meant);
}

INSTANTIATE_TEST_SUITE_P(
    Written, NationalNumbers,
    ::testing::Values(
        Written{"US", "4155550100", "+14155550100"}, Written{"us", "14155550100", "+14155550100"},
        Written{"US", "01144207946095", "+44207946095"}, Written{"US", "+442079460958", "+442079460958"},
        Written{"CA", "6135550100", "+16135550100"}, Written{"GB", "02079460958", "+442079460958"},
        Written{"GB", "2079460958", "+442079460958"}, Written{"GB", "442079460958", "+442079460958"},
        Written{"GB", "0014155550100", "+14155550100"}, Written{"DE", "030123456", "+4930123456"},
        Written{"DE", "4930123456", "+4930123456"}, Written{"FR", "0612345678", "+33612345678"},
        // Closed plans: a number may begin with the digits of its own calling code, the length says which it is.
        Written{"DK", "45123456", "+4545123456"}, Written{"DK", "4545123456", "+4545123456"},
        Written{"CZ", "601123456", "+420601123456"}, Written{"CZ", "420601123456", "+420601123456"},
        Written{"ES", "912345678", "+34912345678"}, Written{"SG", "00114155550100", "+14155550100"},
        // A zero that belongs to the number.
        Written{"IT", "0612345678", "+390612345678"}, Written{"IT", "390612345678", "+390612345678"},
        Written{"RU", "84951234567", "+74951234567"}, Written{"RU", "74951234567", "+74951234567"},
        Written{"RU", "81014155550100", "+14155550100"}, Written{"HU", "0612345678", "+3612345678"},
        Written{"JP", "0312345678", "+81312345678"}, Written{"JP", "01014155550100", "+14155550100"},
        Written{"AU", "0298765432", "+61298765432"}, Written{"AU", "001114155550100", "+14155550100"},
        // The seed's carrier accounts' own example: an international prefix with a hint must not double the code.
        Written{"IN", "00919876543210", "+919876543210"}, Written{"IN", "09876543210", "+919876543210"},
        Written{"IN", "9876543210", "+919876543210"}, Written{"BR", "011987654321", "+5511987654321"}));

TEST(NationalDialling, KnowsCountriesAndNothingElse) {
    for (const char* country : {"", "X", "XX", "USA", "1", "\xC3\xA9"}) EXPECT_EQ(dialling_in(country), nullptr);
    EXPECT_EQ(dialling_in("VA")->calling_code, "39");
    EXPECT_EQ(dialling_in("kz")->calling_code, "7");
}

}  // namespace
}  // namespace dp::telephony
