#pragma once
/// @file PackedText: a handful of strings in one heap block of exactly their size. A leg keeps its dialog's texts for
/// as long as a call lasts and changes them rarely, so what counts is their footprint.

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace dp::sip {

/// `Field`: enum with values 0…N-1. All texts together are below 64 KiB (limits::kHeaderSection bounds what a message
/// can bring).
template <class Field, std::size_t N>
class PackedText {
public:
    PackedText() = default;
    PackedText(const PackedText& other) : ends_(other.ends_) { assign(other.block_.get(), other.ends_[N - 1]); }
    PackedText(PackedText&&) noexcept = default;
    PackedText& operator=(PackedText other) noexcept {
        block_ = std::move(other.block_);
        ends_ = other.ends_;
        return *this;
    }

    std::string_view get(Field field) const {
        const auto i = static_cast<std::size_t>(field);
        const std::uint16_t begin = i == 0 ? 0 : ends_[i - 1];
        return {block_.get() + begin, static_cast<std::size_t>(ends_[i] - begin)};
    }

    /// `text` may point into this very block.
    void set(Field field, std::string_view text) {
        if (get(field) == text) return;
        std::array<std::string_view, N> texts;
        for (std::size_t i = 0; i < N; ++i) texts[i] = get(static_cast<Field>(i));
        texts[static_cast<std::size_t>(field)] = text;
        set_all(texts);
    }

    /// All at once: one allocation. False, and nothing changed, when they are too long together.
    bool set_all(const std::array<std::string_view, N>& texts) {
        std::size_t size = 0;
        for (std::string_view text : texts) size += text.size();
        if (size > UINT16_MAX) return false;
        auto block = std::make_unique_for_overwrite<char[]>(size);
        std::uint16_t end = 0;
        for (std::size_t i = 0; i < N; ++i) {
            if (!texts[i].empty()) std::memcpy(block.get() + end, texts[i].data(), texts[i].size());
            ends_[i] = end = static_cast<std::uint16_t>(end + texts[i].size());
        }
        block_ = std::move(block);
        return true;
    }

private:
    void assign(const char* bytes, std::size_t size) {
        if (size == 0) return;
        block_ = std::make_unique_for_overwrite<char[]>(size);
        std::memcpy(block_.get(), bytes, size);
    }

    std::unique_ptr<char[]> block_;
    std::array<std::uint16_t, N> ends_{};
};

}  // namespace dp::sip
