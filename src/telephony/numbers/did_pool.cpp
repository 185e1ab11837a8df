#include "telephony/numbers/did_pool.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "telephony/e164.hpp"

namespace dp::telephony {
namespace {

std::uint64_t value_of(std::string_view number) {
    if (number.starts_with('+')) number.remove_prefix(1);
    return ascii::parse_decimal<std::uint64_t>(number).value_or(0);
}

/// `ends`: the names of the two fields.
Result<void> check_range(std::string_view start, std::string_view end, std::string_view start_field,
                         std::string_view end_field) {
    if (start.size() != end.size())
        return fail(ErrorCode::InvalidValue, fmt::format("{} must have as many digits as {}.", end_field, start_field),
                    std::string(end_field));
    if (end < start)
        return fail(ErrorCode::InvalidValue, fmt::format("{} must not be below {}.", end_field, start_field),
                    std::string(end_field));
    if (value_of(end) - value_of(start) >= kMaxPoolSize)
        return fail(ErrorCode::InvalidValue,
                    fmt::format("{}: a pool may hold at most {} numbers.", end_field, kMaxPoolSize),
                    std::string(end_field));
    return {};
}

Result<void> check_extension(std::string_view number, std::string_view field) {
    if (number.size() >= 3 && number.size() <= 9 && std::ranges::all_of(number, ascii::is_digit)) return {};
    return fail(ErrorCode::InvalidValue, fmt::format("{} must be 3 to 9 digits.", field), std::string(field));
}

}  // namespace

Result<void> validate(const DidPool& pool) {
    DP_CHECK(parse_e164(pool.start, "startPhoneNumber"));
    DP_CHECK(parse_e164(pool.end, "endPhoneNumber"));
    return check_range(pool.start, pool.end, "startPhoneNumber", "endPhoneNumber");
}

Result<void> validate(const ExtensionPool& pool) {
    DP_CHECK(check_extension(pool.start, "startNumber"));
    DP_CHECK(check_extension(pool.end, "endNumber"));
    return check_range(pool.start, pool.end, "startNumber", "endNumber");
}

std::size_t size_of(const DidPool& pool) {
    return value_of(pool.end) - value_of(pool.start) + 1;
}

std::string number_at(const DidPool& pool, std::size_t n) {
    return fmt::format("+{}", value_of(pool.start) + n);  // the first digit of an E.164 number is not 0
}

}  // namespace dp::telephony
