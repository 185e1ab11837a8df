#include "telephony/phones/user_settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "telephony/dialing/dial_rules.hpp"

namespace dp::telephony {
namespace {

constexpr std::size_t kMaxPrefix = 32;

Result<void> check_endpoint(const EndpointSettings& endpoint, std::string_view name) {
    if (endpoint.dial_rules.size() > kMaxDialRules)
        return fail(ErrorCode::InvalidValue,
                    fmt::format("{}.dialRules may hold at most {} rules.", name, kMaxDialRules),
                    fmt::format("{}.dialRules", name));
    for (std::size_t i = 0; i < endpoint.dial_rules.size(); ++i)
        DP_CHECK(validate(endpoint.dial_rules[i], fmt::format("{}.dialRules[{}]", name, i)));
    if (endpoint.stun_servers.size() > kMaxIceServers)
        return fail(ErrorCode::InvalidValue,
                    fmt::format("{}.stunServers may hold at most {} servers.", name, kMaxIceServers),
                    fmt::format("{}.stunServers", name));
    for (std::size_t i = 0; i < endpoint.stun_servers.size(); ++i)
        if (!is_ice_server_uri(endpoint.stun_servers[i])) {
            const std::string field = fmt::format("{}.stunServers[{}]", name, i);
            return fail(ErrorCode::InvalidValue, field + " must be a stun:, stuns:, turn: or turns: URI.", field);
        }
    for (std::size_t i = 0; i < endpoint.codecs.size(); ++i)
        if (std::ranges::count(endpoint.codecs, endpoint.codecs[i]) > 1) {
            const std::string field = fmt::format("{}.codecs[{}]", name, i);
            return fail(ErrorCode::InvalidValue, field + " is named twice.", field);
        }
    return {};
}

}  // namespace

Result<void> validate(const DialRule& rule, const std::string& field) {
    if (rule.pattern.empty()) return fail(ErrorCode::MissingField, field + ".pattern is required.", field + ".pattern");
    DP_CHECK(check_pattern(rule.pattern, field + ".pattern"));
    if (rule.prefix.size() > kMaxPrefix || rule.prefix.find_first_not_of("0123456789+*#") != std::string::npos)
        return fail(ErrorCode::InvalidValue, field + ".prefix may hold at most 32 of the characters 0-9 + * #.",
                    field + ".prefix");
    return {};
}

Result<void> validate(const UserTelephonySettings& settings) {
    DP_CHECK(check_endpoint(settings.web_rtc, "webRtc"));
    return check_endpoint(settings.sofia, "sofia");
}

}  // namespace dp::telephony
