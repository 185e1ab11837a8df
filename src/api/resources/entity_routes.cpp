#include "api/resources/entity_routes.hpp"

#include "base/ascii.hpp"

namespace dp::api {

// Greedy with one backtrack point: linear in practice, no recursion for a stranger's pattern.
bool matches_wildcard(std::string_view pattern, std::string_view text) {
    std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.size() && ascii::to_lower(pattern[p]) == ascii::to_lower(text[t])) {
            ++p, ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

bool is_filtered(const net::HttpRequest& request) {
    return std::ranges::any_of(request.query, [](const auto& parameter) {
        return parameter.first != "pageSize" && parameter.first != "pageNumber" && parameter.first != "after";
    });
}

std::string_view index_prefix(std::string_view pattern) {
    const auto prefix = pattern.substr(0, pattern.find('*'));
    return std::ranges::any_of(prefix, [](char c) { return ascii::to_lower(c) != c || ascii::is_lower(c); })
               ? std::string_view()
               : prefix;
}

}  // namespace dp::api
