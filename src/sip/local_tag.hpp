#pragma once
/// @file The tag by which a dialog of ours is found: four characters of slot index and 64 random bits. The index makes
/// finding it an array access; the random part makes a guessed tag match nothing.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dp::sip {

inline constexpr std::size_t kLocalTagSize = 15;  // fits the small-string buffer

/// `random` has 11 characters; `index` < 2^24.
std::string make_local_tag(std::uint32_t index, std::string_view random);
/// The index, if `tag` has the form of ours.
std::optional<std::uint32_t> local_tag_index(std::string_view tag);

}  // namespace dp::sip
