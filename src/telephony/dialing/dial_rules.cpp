#include "telephony/dialing/dial_rules.hpp"

#include <re2/re2.h>

namespace dp::telephony {
namespace {

// Enough for a pattern of 256 characters, and the most that one check may take.
constexpr std::int64_t kPatternMemory = 256 << 10;

RE2::Options quiet() {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kPatternMemory);
    return options;
}

}  // namespace

Result<void> check_pattern(const std::string& pattern, const std::string& field) {
    if (pattern.size() > kMaxDialRulePattern)
        return fail(ErrorCode::InvalidValue, field + " may have at most 256 characters.", field);
    const RE2 compiled(pattern, quiet());
    if (compiled.ok()) return {};
    return fail(ErrorCode::InvalidValue, field + " is not a regular expression (RE2): " + compiled.error() + ".",
                field);
}

bool pattern_matches(const std::string& pattern, const std::string& text) {
    if (pattern.size() > kMaxDialRulePattern) return false;
    const RE2 compiled(pattern, quiet());
    return compiled.ok() && RE2::PartialMatch(text, compiled);
}

std::optional<DialRuleMatch> apply_dial_rules(std::span<const DialRule> rules, const std::string& destination) {
    for (std::size_t i = 0; i < rules.size(); ++i)
        if (pattern_matches(rules[i].pattern, destination)) return DialRuleMatch{i, rules[i].prefix + destination};
    return std::nullopt;
}

}  // namespace dp::telephony
