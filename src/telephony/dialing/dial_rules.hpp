#pragma once
/// @file Dial rules: what an agent dials becomes what the carrier is asked for. First match wins, once; its prefix is
/// put in front.
///
/// RE2: linear time, bounded memory; a rule that does not compile was refused when it was saved. Source: seed 0 section
/// 3; product.md "Dial rules and E.164".

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "telephony/phones/user_settings.hpp"

namespace dp::telephony {

struct DialRuleMatch {
    std::size_t rule;  ///< index of the rule that matched
    std::string result;
};

std::optional<DialRuleMatch> apply_dial_rules(std::span<const DialRule> rules, const std::string& destination);

/// InvalidValue naming `field` when RE2 does not take the pattern.
Result<void> check_pattern(const std::string& pattern, const std::string& field);
/// Does RE2 `pattern` match somewhere in `text`? False for a pattern that does not compile.
bool pattern_matches(const std::string& pattern, const std::string& text);

/// The part of `text` that matches, written as `format` says: `$1` to `$9` are the pattern's groups, `$0` the whole.
std::optional<std::string> rewritten(const std::string& pattern, const std::string& format, const std::string& text);
/// InvalidValue naming `field` when `format` asks for a group that the pattern does not have.
Result<void> check_format(const std::string& pattern, const std::string& format, const std::string& field);

}  // namespace dp::telephony
