#include "api/ui/ui_pack.hpp"

#include <algorithm>
#include <functional>

namespace dp::api {

namespace {

constexpr std::string_view kMagic = "dpuipak1";
constexpr std::size_t kHeaderSize = 16;
constexpr std::size_t kEntrySize = 64;

using Bytes = std::span<const std::byte>;

std::uint32_t u32_at(Bytes bytes, std::size_t offset) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value |= std::to_integer<std::uint32_t>(bytes[offset + i]) << (8 * i);
    return value;
}

std::optional<Bytes> slice_at(Bytes pack, std::size_t offset) {
    const std::size_t start = u32_at(pack, offset);
    const std::size_t length = u32_at(pack, offset + 4);
    if (start > pack.size() || length > pack.size() - start) return std::nullopt;
    return pack.subspan(start, length);
}

std::string_view text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<UiFile> entry_at(Bytes pack, std::size_t offset) {
    const auto path = slice_at(pack, offset);
    const auto type = slice_at(pack, offset + 8);
    const auto brotli = slice_at(pack, offset + 32);
    const auto gzip = slice_at(pack, offset + 40);
    const auto plain = slice_at(pack, offset + 48);
    if (!path || !type || !brotli || !gzip || !plain) return std::nullopt;
    if (path->empty() || type->empty() || brotli->empty() || gzip->empty()) return std::nullopt;
    UiFile file{
        .path = text(*path), .type = text(*type), .digest = {}, .brotli = *brotli, .gzip = *gzip, .plain = *plain};
    std::ranges::copy(pack.subspan(offset + 16, file.digest.size()), file.digest.begin());
    return file;
}

}  // namespace

Result<UiPack> UiPack::open(std::span<const std::byte> bytes) {
    if (bytes.size() < kHeaderSize || text(bytes.first(kMagic.size())) != kMagic) {
        return fail(ErrorCode::MalformedInput, "The user interface pack does not start with its mark.");
    }
    const std::size_t count = u32_at(bytes, 8);
    if (u32_at(bytes, 12) != kEntrySize || count > (bytes.size() - kHeaderSize) / kEntrySize) {
        return fail(ErrorCode::MalformedInput, "The table of the user interface pack is larger than the pack.");
    }
    UiPack pack;
    pack.files_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        auto file = entry_at(bytes, kHeaderSize + i * kEntrySize);
        if (!file) return fail(ErrorCode::MalformedInput, "An entry of the user interface pack points outside of it.");
        pack.files_.push_back(*file);
    }
    if (!std::ranges::is_sorted(pack.files_, std::less_equal{}, &UiFile::path)) {
        return fail(ErrorCode::MalformedInput, "The user interface pack is not in order of its paths.");
    }
    return pack;
}

const UiFile* UiPack::find(std::string_view path) const {
    const auto it = std::ranges::lower_bound(files_, path, {}, &UiFile::path);
    return it != files_.end() && it->path == path ? &*it : nullptr;
}

}  // namespace dp::api
