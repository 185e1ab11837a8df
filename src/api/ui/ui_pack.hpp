#pragma once
/// @file The packed user interface: one read-only table of files, each stored compressed, made by tools/pack_ui.mjs.
///
/// The pack is written by our own build, yet it is read with every offset checked, so that a damaged or prebuilt pack
/// is a start-up error and never a read out of bounds.
///
/// Format (integers little-endian, offsets from the start of the pack):
///   0   "dpuipak1"
///   8   u32 number of entries, u32 size of one entry (64)
///   16  entries in ascending byte order of their path:
///         u32 path offset, length · u32 type offset, length · 16 bytes: first half of the SHA-256 of the plain bytes
///         u32 brotli offset, length · u32 gzip offset, length · u32 plain offset, length · u64 zero
///   A length of 0 means that this form is not in the pack; brotli and gzip always are, plain only for small files.
///
/// Threads: immutable. Lifetime: every view points into the bytes given to `open`. Errors: MalformedInput.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dp::api {

struct UiFile {
    std::string_view path;  ///< relative to /ui/, e.g. "assets/index-BkC2.js"
    std::string_view type;  ///< media type as sent
    std::array<std::byte, 16> digest{};
    std::span<const std::byte> brotli;
    std::span<const std::byte> gzip;
    std::span<const std::byte> plain;
};

class UiPack {
public:
    static Result<UiPack> open(std::span<const std::byte> bytes);

    /// nullptr when the pack has no such file.
    const UiFile* find(std::string_view path) const;
    const std::vector<UiFile>& files() const { return files_; }

private:
    std::vector<UiFile> files_;
};

/// The pack inside this binary.
std::span<const std::byte> embedded_ui_bytes();

/// SHA-256 (hex) of that pack: the build id by which an open page notices that the server was updated.
std::string_view embedded_ui_id();

}  // namespace dp::api
