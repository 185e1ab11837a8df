#pragma once
/// @file E.164 syntax: `+` and 8 to 15 digits, the first not 0. Syntax alone decides validity; numbering-plan data may
/// classify, never refuse.
///
/// Source: ITU-T E.164; issue decision "8–15 digits". Pure functions.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dp::telephony {

bool is_e164(std::string_view text);
/// The number, or InvalidValue naming `field`.
Result<std::string> parse_e164(std::string_view text, std::string_view field);

}  // namespace dp::telephony
