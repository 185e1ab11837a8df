#pragma once
/// @file NationalDialling: how numbers are written inside a country, and the E.164 number that is meant.
///
/// Pure. Source: ITU-T E.164 (assigned country codes), E.123 section 2, and each country's national numbering plan as
/// published to the ITU: calling code, trunk prefix, international prefix, longest national number. Whether a number is
/// in use, or long enough, is not decided here.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dp::telephony {

struct NationalDialling {
    std::string_view country;               ///< ISO 3166-1, two upper-case letters
    std::string_view calling_code;          ///< without `+`
    std::string_view trunk_prefix;          ///< before a national number; empty: none
    std::string_view international_prefix;  ///< before a calling code
    std::size_t longest;                    ///< digits of a national number
};

/// Null for what is no country, or has no numbers of its own. Either case of letters.
const NationalDialling* dialling_in(std::string_view country);

/// `+…` from digits as they are dialled in the country: national (`020 7946 0958` without the blanks), with its calling
/// code, or international (`00…`, `011…`). What begins with `+` stays as it is.
std::string complete_number(const NationalDialling& dialling, std::string_view digits);

}  // namespace dp::telephony
