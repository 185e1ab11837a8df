#pragma once
/// @file When to ask again how far an order is: seed 0, section 1: 3 s, doubling, at most 60 s, within 300 s.
///
/// Pure.

#include <algorithm>
#include <chrono>
#include <optional>

namespace dp::app::cli {

class PollSchedule {
public:
    explicit PollSchedule(std::chrono::seconds window = std::chrono::seconds{300}) : left_(window) {}

    /// How long to wait before the next question; nothing when the window is over. The last wait ends with the window.
    std::optional<std::chrono::seconds> next() {
        if (left_ <= std::chrono::seconds{0}) return std::nullopt;
        const auto wait = std::min(wait_, left_);
        left_ -= wait;
        wait_ = std::min(wait_ * 2, kLongest);
        return wait;
    }

private:
    static constexpr std::chrono::seconds kLongest{60};
    std::chrono::seconds wait_{3};
    std::chrono::seconds left_;
};

}  // namespace dp::app::cli
