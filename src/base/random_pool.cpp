#include "base/random_pool.hpp"

#include <algorithm>

namespace dp {

void RandomPool::fill(std::span<std::uint8_t> out) {
    while (!out.empty()) {
        if (used_ == octets_.size()) {
            source_.fill(octets_);
            used_ = 0;
        }
        const std::size_t size = std::min(out.size(), octets_.size() - used_);
        const auto from = octets_.begin() + static_cast<std::ptrdiff_t>(used_);
        std::copy_n(from, size, out.begin());
        std::fill_n(from, size, std::uint8_t{0});
        used_ += size;
        out = out.subspan(size);
    }
}

}  // namespace dp
