#pragma once
/// @file Ids that cannot be confused: StrongId<Tag> is an opaque string `[A-Za-z0-9._-]{1,64}` (product.md, "Ids"),
/// ours are UUIDs; StrongIndex<Tag> is a process-local 64-bit handle (slot and generation) for live objects.

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace dp {

template <class Tag>
class StrongId {
public:
    StrongId() = default;
    explicit StrongId(std::string value) : value_(std::move(value)) {}
    const std::string& str() const { return value_; }
    bool empty() const { return value_.empty(); }
    auto operator<=>(const StrongId&) const = default;

private:
    std::string value_;
};

template <class Tag>
class StrongIndex {
public:
    constexpr StrongIndex() = default;
    constexpr explicit StrongIndex(std::uint64_t value) : value_(value) {}
    constexpr std::uint64_t value() const { return value_; }
    constexpr bool valid() const { return value_ != 0; }
    auto operator<=>(const StrongIndex&) const = default;

private:
    std::uint64_t value_ = 0;
};

/// True for `[A-Za-z0-9._-]{1,64}`.
bool is_valid_id(std::string_view text);

}  // namespace dp

template <class Tag>
struct std::hash<dp::StrongId<Tag>> {
    std::size_t operator()(const dp::StrongId<Tag>& id) const noexcept { return std::hash<std::string>{}(id.str()); }
};
template <class Tag>
struct std::hash<dp::StrongIndex<Tag>> {
    std::size_t operator()(const dp::StrongIndex<Tag>& id) const noexcept {
        return std::hash<std::uint64_t>{}(id.value());
    }
};
