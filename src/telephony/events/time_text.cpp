#include "telephony/events/time_text.hpp"

#include "base/ascii.hpp"

namespace dp::telephony {
namespace {

/// Takes digits and separators off the front; once something does not fit, everything after it fails too.
class Taker {
public:
    explicit Taker(std::string_view text) : rest_(text) {}

    int number(std::size_t digits) {
        const auto value = ascii::parse_decimal<unsigned>(rest_.substr(0, digits));
        good_ = good_ && rest_.size() >= digits && value;
        rest_.remove_prefix(std::min(digits, rest_.size()));
        return value ? static_cast<int>(*value) : 0;
    }
    char one_of(std::string_view allowed) {
        const char found = rest_.empty() ? '\0' : rest_.front();
        good_ = good_ && allowed.contains(found) && found != '\0';
        if (!rest_.empty()) rest_.remove_prefix(1);
        return found;
    }
    int millis() {
        if (!rest_.starts_with('.')) return 0;
        std::size_t digits = 0;
        int value = 0;
        for (rest_.remove_prefix(1); digits < rest_.size() && ascii::is_digit(rest_[digits]); ++digits)
            if (digits < 3) value = value * 10 + (rest_[digits] - '0');
        good_ = good_ && digits >= 1 && digits <= 9;
        for (std::size_t i = digits; i < 3; ++i) value *= 10;
        rest_.remove_prefix(digits);
        return value;
    }
    void require(bool condition) { good_ = good_ && condition; }
    bool done() const { return good_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool good_ = true;
};

std::chrono::minutes zone(Taker& in) {
    const char sign = in.one_of("Zz+-");
    if (sign != '+' && sign != '-') return {};
    const int hours = in.number(2);
    in.one_of(":");
    const int minutes = in.number(2);
    in.require(hours < 24 && minutes < 60);
    const std::chrono::minutes offset(hours * 60 + minutes);
    return sign == '-' ? -offset : offset;
}

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) {
    using namespace std::chrono;
    Taker in(text);
    const int y = in.number(4);
    in.one_of("-");
    const int mo = in.number(2);
    in.one_of("-");
    const int d = in.number(2);
    in.one_of("Tt ");
    const int h = in.number(2);
    in.one_of(":");
    const int mi = in.number(2);
    in.one_of(":");
    const int s = in.number(2);
    const int ms = in.millis();
    const auto offset = zone(in);
    const year_month_day date{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
    in.require(date.ok() && h < 24 && mi < 60 && s <= 60);
    if (!in.done()) return std::nullopt;
    return WallTime(sys_days(date).time_since_epoch() + hours(h) + minutes(mi) + seconds(s) + milliseconds(ms) -
                    offset);
}

std::optional<Interval> parse_interval(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto from = parse_rfc3339(text.substr(0, slash));
    const auto until = parse_rfc3339(text.substr(slash + 1));
    if (!from || !until || *until < *from) return std::nullopt;
    return Interval{*from, *until};
}

}  // namespace dp::telephony
