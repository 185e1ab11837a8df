#include "telephony/dialing/dial_rules.hpp"

#include <re2/re2.h>

#include <memory>
#include <unordered_map>

namespace dp::telephony {
namespace {

// Enough for a pattern of 256 characters, and the most that one check may take.
constexpr std::int64_t kPatternMemory = 256 << 10;
// Instructions: a match costs at most this many steps for each character dialled. `^\d{7,10}$` has about 25.
constexpr int kMaxProgram = 2000;

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
    const RE2 trial(pattern, quiet());
    if (!trial.ok())
        return fail(ErrorCode::InvalidValue, field + " is not a regular expression (RE2): " + trial.error() + ".",
                    field);
    if (trial.ProgramSize() <= kMaxProgram) return {};
    return fail(ErrorCode::InvalidValue, field + " is too large when compiled: use fewer or smaller repetitions.",
                field);
}

namespace {

// Compiling costs ten times a match, and the same few patterns are asked for every call. Null: does not compile.
const RE2* compiled(const std::string& pattern) {
    constexpr std::size_t kKept = 256;
    thread_local std::unordered_map<std::string, std::unique_ptr<RE2>> cache;
    if (const auto found = cache.find(pattern); found != cache.end()) return found->second.get();
    if (cache.size() >= kKept) cache.clear();
    auto made = std::make_unique<RE2>(pattern, quiet());
    if (!made->ok()) made.reset();
    return cache.emplace(pattern, std::move(made)).first->second.get();
}

}  // namespace

bool pattern_matches(const std::string& pattern, const std::string& text) {
    if (pattern.size() > kMaxDialRulePattern) return false;
    const RE2* expression = compiled(pattern);
    return expression && RE2::PartialMatch(text, *expression);
}

namespace {

// RE2 writes a group as \1; client code writes it as $1 (genesys-api 1.2).
std::string in_re2_spelling(const std::string& format) {
    std::string out;
    for (std::size_t i = 0; i < format.size(); ++i) {
        const bool group = format[i] == '$' && i + 1 < format.size() && format[i + 1] >= '0' && format[i + 1] <= '9';
        out += group ? '\\' : format[i];
        if (format[i] == '\\') out += '\\';
    }
    return out;
}

}  // namespace

std::optional<std::string> rewritten(const std::string& pattern, const std::string& format, const std::string& text) {
    const RE2* expression = compiled(pattern);
    std::string out;
    if (!expression || !RE2::Extract(text, *expression, in_re2_spelling(format), &out)) return std::nullopt;
    return out;
}

Result<void> check_format(const std::string& pattern, const std::string& format, const std::string& field) {
    const RE2* expression = compiled(pattern);
    std::string why;
    if (expression && expression->CheckRewriteString(in_re2_spelling(format), &why)) return {};
    return fail(ErrorCode::InvalidValue, field + " asks for a group that the expression does not have.", field);
}

std::optional<DialRuleMatch> apply_dial_rules(std::span<const DialRule> rules, const std::string& destination) {
    for (std::size_t i = 0; i < rules.size(); ++i)
        if (pattern_matches(rules[i].pattern, destination)) return DialRuleMatch{i, rules[i].prefix + destination};
    return std::nullopt;
}

}  // namespace dp::telephony
