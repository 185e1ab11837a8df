#include "sip/local_tag.hpp"

namespace dp::sip {

namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.";
constexpr int kIndexDigits = 4;

}  // namespace

std::string make_local_tag(std::uint32_t index, std::string_view random) {
    std::string tag;
    for (int i = 0; i < kIndexDigits; ++i, index >>= 6) tag.push_back(kAlphabet[index & 63]);
    return tag.append(random);
}

std::optional<std::uint32_t> local_tag_index(std::string_view tag) {
    if (tag.size() != kLocalTagSize) return std::nullopt;
    std::uint32_t index = 0;
    for (int i = kIndexDigits - 1; i >= 0; --i) {
        const auto digit = kAlphabet.find(tag[static_cast<std::size_t>(i)]);
        if (digit == kAlphabet.npos) return std::nullopt;
        index = (index << 6) | static_cast<std::uint32_t>(digit);
    }
    return index;
}

}  // namespace dp::sip
