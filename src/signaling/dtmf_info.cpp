#include "signaling/dtmf_info.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "sip/body.hpp"

namespace dp::signaling {
namespace {

constexpr std::string_view kDigits = "0123456789*#ABCD";
constexpr std::uint32_t kShortest = 40, kLongest = 8000;

std::optional<char> digit_in(std::string_view text) {
    text = ascii::trim(text);
    if (text.size() == 2 && text[0] == '1' && (text[1] == '0' || text[1] == '1'))
        return text[1] == '0' ? '*' : '#';  // event codes 10, 11
    if (text.size() != 1) return std::nullopt;
    const char digit = ascii::is_lower(text[0]) ? static_cast<char>(text[0] - 32) : text[0];
    if (kDigits.find(digit) == std::string_view::npos) return std::nullopt;
    return digit;
}

std::optional<DigitPress> read_relay(std::string_view body) {
    std::optional<DigitPress> press;
    std::uint32_t duration = 100;
    for (std::string_view line : ascii::split(body, '\n')) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        const auto name = ascii::trim(line.substr(0, equals));
        const auto value = ascii::trim(line.substr(equals + 1));
        if (ascii::iequals(name, "Signal")) {
            const auto digit = digit_in(value);
            if (!digit) return std::nullopt;
            press = DigitPress{*digit};
        } else if (ascii::iequals(name, "Duration")) {
            duration = ascii::parse_decimal<std::uint32_t>(value).value_or(duration);
        }
    }
    if (press) press->duration = std::chrono::milliseconds(std::clamp(duration, kShortest, kLongest));
    return press;
}

}  // namespace

std::optional<DigitPress> read_dtmf_info(const sip::MessageView& info) {
    const auto type = sip::content_type(info);
    if (!type) return std::nullopt;
    if (type->is("application", "dtmf-relay")) return read_relay(info.body());
    if (!type->is("application", "dtmf")) return std::nullopt;
    std::string_view body = info.body();
    while (body.ends_with('\n') || body.ends_with('\r')) body.remove_suffix(1);
    const auto digit = digit_in(body);
    return digit ? std::optional(DigitPress{*digit}) : std::nullopt;
}

std::string write_dtmf_relay(const DigitPress& press) {
    return "Signal=" + std::string(1, press.digit) + "\r\nDuration=" + std::to_string(press.duration.count()) + "\r\n";
}

}  // namespace dp::signaling
