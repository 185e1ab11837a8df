#include "base/strong_id.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace dp {

bool is_valid_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 &&
           std::ranges::all_of(text, [](char c) { return ascii::is_alnum(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace dp
