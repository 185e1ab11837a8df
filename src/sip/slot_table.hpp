#pragma once
/// @file SlotTable: live objects behind 64-bit handles (slot index and generation), found by array access; a handle
/// that outlived its object finds nothing. KeyMap: 128-bit keyed hashes to slot numbers, open addressing, no node per
/// entry.

#include <bit>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace dp::sip {

template <class T, class Id>
class SlotTable {
public:
    /// `make(id)` returns the unique_ptr to keep.
    template <class Make>
    T& emplace(Make&& make) {
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(slots_.size()));
            slots_.emplace_back();
        }
        const std::uint32_t index = free_.back();
        free_.pop_back();
        Slot& slot = slots_[index];
        auto object = make(Id((std::uint64_t{slot.generation} << 32) | index));
        T& reference = *object;
        slots_[index].object = std::move(object);
        ++size_;
        return reference;
    }

    T* find(Id id) const {
        const auto index = static_cast<std::uint32_t>(id.value());
        if (index >= slots_.size() || slots_[index].generation != id.value() >> 32) return nullptr;
        return slots_[index].object.get();
    }

    T* at(std::uint32_t index) const { return index < slots_.size() ? slots_[index].object.get() : nullptr; }

    void erase(Id id) {
        if (!find(id)) return;
        const auto index = static_cast<std::uint32_t>(id.value());
        auto object = std::move(slots_[index].object);
        ++slots_[index].generation;
        free_.push_back(index);
        --size_;
    }

    template <class Visit>
    void for_each(Visit&& visit) {
        for (std::size_t i = 0; i < slots_.size(); ++i)
            if (slots_[i].object) visit(*slots_[i].object);
    }

    std::size_t size() const { return size_; }

private:
    struct Slot {
        std::unique_ptr<T> object;
        std::uint32_t generation = 1;  // so that no handle is ever 0
    };
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::size_t size_ = 0;
};

struct HashKey {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    bool empty() const { return high == 0 && low == 0; }
    friend bool operator==(const HashKey&, const HashKey&) = default;
};

/// The keys come out of a keyed hash, so their bits are the bucket: nobody can aim collisions.
class KeyMap {
public:
    static constexpr std::uint64_t kNothing = 0;

    std::uint64_t find(HashKey key) const {
        if (cells_.empty()) return kNothing;
        for (std::size_t i = home(key);; i = next(i)) {
            if (cells_[i].value == kNothing) return kNothing;
            if (cells_[i].key == key) return cells_[i].value;
        }
    }

    /// Replaces the value of an equal key.
    void set(HashKey key, std::uint64_t value) {
        if ((size_ + 1) * 3 > cells_.size() * 2) grow();
        std::size_t i = home(key);
        while (cells_[i].value != kNothing && !(cells_[i].key == key)) i = next(i);
        if (cells_[i].value == kNothing) ++size_;
        cells_[i] = {key, value};
    }

    void erase(HashKey key) {
        if (cells_.empty()) return;
        std::size_t i = home(key);
        while (cells_[i].value != kNothing && !(cells_[i].key == key)) i = next(i);
        if (cells_[i].value == kNothing) return;
        --size_;
        close_gap(i);
    }

    std::size_t size() const { return size_; }

private:
    struct Cell {
        HashKey key;
        std::uint64_t value = kNothing;
    };
    std::size_t home(HashKey key) const { return key.low & (cells_.size() - 1); }
    std::size_t next(std::size_t i) const { return (i + 1) & (cells_.size() - 1); }

    // Backward shift: every entry behind the gap that may move closer to its home does, so no tombstones pile up.
    void close_gap(std::size_t gap) {
        for (std::size_t i = next(gap); cells_[i].value != kNothing; i = next(i)) {
            const std::size_t distance = (i - home(cells_[i].key)) & (cells_.size() - 1);
            if (distance < ((i - gap) & (cells_.size() - 1))) continue;
            cells_[gap] = cells_[i];
            gap = i;
        }
        cells_[gap].value = kNothing;
    }

    void grow() {
        std::vector<Cell> old = std::exchange(cells_, std::vector<Cell>(cells_.empty() ? 64 : cells_.size() * 2));
        size_ = 0;
        for (const Cell& cell : old)
            if (cell.value != kNothing) set(cell.key, cell.value);
    }

    std::vector<Cell> cells_;
    std::size_t size_ = 0;
};

}  // namespace dp::sip
