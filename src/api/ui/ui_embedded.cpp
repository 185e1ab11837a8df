/// @file The one translation unit that carries the pack. cmake/Ui.cmake makes both generated files and gives their
/// folder; the id header is what tells a compiler cache, which does not follow #embed, that the pack changed.

#include <algorithm>
#include <array>

#include "api/ui/ui_pack.hpp"
#include "api/ui/ui_pack_id.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored \
    "-Wc23-extensions"  // #embed is C23 and not yet C++; clang-19 and g++ 15 take it in both

namespace dp::api {

namespace {

alignas(16) constexpr unsigned char kPack[] = {
#embed "ui.pack"
};

}  // namespace

std::span<const std::byte> embedded_ui_bytes() {
    return std::as_bytes(std::span(kPack));
}

std::string_view embedded_ui_id() {
    return kUiPackSha256;
}

}  // namespace dp::api

#pragma clang diagnostic pop
