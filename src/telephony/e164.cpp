#include "telephony/e164.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace dp::telephony {

bool is_e164(std::string_view text) {
    if (text.size() < 9 || text.size() > 16 || text[0] != '+' || text[1] == '0') return false;
    return std::ranges::all_of(text.substr(1), ascii::is_digit);
}

Result<std::string> parse_e164(std::string_view text, std::string_view field) {
    if (is_e164(text)) return std::string(text);
    return fail(ErrorCode::InvalidValue,
                std::string(field) + " must be an E.164 number: '+' and 8 to 15 digits, the first not 0.",
                std::string(field));
}

}  // namespace dp::telephony
