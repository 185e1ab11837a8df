#pragma once
/// @file RandomPool: another source's octets, fetched many at a time, for whoever needs a few of them often (a system call
/// each costs more than the rest of making an id). What is handed out is never handed out again.
///
/// One owner thread.

#include <array>

#include "base/random.hpp"

namespace dp {

class RandomPool final : public Random {
public:
    /// `source` outlives the pool.
    explicit RandomPool(Random& source) : source_(source) {}
    void fill(std::span<std::uint8_t> out) override;

private:
    Random& source_;
    std::array<std::uint8_t, 4096> octets_{};
    std::size_t used_ = sizeof octets_;
};

}  // namespace dp
