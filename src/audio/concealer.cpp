#include "audio/concealer.hpp"

#include <cmath>
#include <cstring>

namespace dp::audio {
namespace {

/// Correlation of the newest `window` samples with those `lag` earlier, normalised by the energy there.
float similarity(Pcm history, std::size_t window, std::size_t lag, std::size_t step) {
    const std::size_t begin = history.size() - window;
    float product = 0;
    float energy = 1;
    for (std::size_t i = begin; i < history.size(); i += step) {
        const float older = history[i - lag];
        product += older * static_cast<float>(history[i]);
        energy += older * older;
    }
    return product / std::sqrt(energy);
}

}  // namespace

void Concealer::remember(Pcm frame) {
    const std::size_t keep = kHistory - std::min(kHistory, frame.size());
    std::memmove(history_.data(), history_.data() + (kHistory - keep), keep * sizeof(Sample));
    const Pcm tail = frame.last(kHistory - keep);
    std::memcpy(history_.data() + keep, tail.data(), tail.size() * sizeof(Sample));
}

/// 5 to 15 ms: coarse at half the rate, then exact around the best.
std::size_t Concealer::find_pitch() const {
    const std::size_t shortest = samples(5);
    const std::size_t longest = samples(15);
    const std::size_t window = samples(20);
    std::size_t best = shortest;
    float best_score = -1e30F;
    const auto consider = [&](std::size_t lag, std::size_t step) {
        const float score = similarity(history_, window, lag, step);
        if (score <= best_score) return;
        best_score = score;
        best = lag;
    };
    for (std::size_t lag = shortest; lag <= longest; lag += 2) consider(lag, 2);
    const std::size_t around = best;
    best_score = -1e30F;
    for (std::size_t lag = std::max(shortest, around - 2); lag <= std::min(longest, around + 2); ++lag)
        consider(lag, 1);
    return best;
}

/// Repeats the newest `periods` pitch periods; their end is faded into what stood before them, so that the seam is
/// smooth.
void Concealer::start_run(std::size_t periods) {
    periods_ = periods;
    stretch_size_ = std::min(periods * pitch_, kHistory - pitch_);
    const std::size_t begin = kHistory - stretch_size_;
    std::memcpy(stretch_.data(), history_.data() + begin, stretch_size_ * sizeof(Sample));
    const std::size_t overlap = std::min(pitch_ / 4, stretch_size_);
    for (std::size_t i = 0; i < overlap; ++i) {
        const float in = static_cast<float>(i + 1) / static_cast<float>(overlap + 1);
        const std::size_t at = stretch_size_ - overlap + i;
        const float before = history_[begin - overlap + i];
        stretch_[at] = saturate(static_cast<float>(stretch_[at]) * (1 - in) + before * in);
    }
    offset_ %= stretch_size_;
}

float Concealer::gain() const {
    const float ten_ms = static_cast<float>(lost_) / static_cast<float>(samples(10));
    if (ten_ms < 1) return 1;
    if (ten_ms >= 6) return 0;
    return std::max(0.0F, 1 - 0.2F * (ten_ms - 1));
}

Sample Concealer::next_synthetic() {
    if (lost_ == samples(10) && periods_ < 2) start_run(2);
    if (lost_ == samples(20) && periods_ < 3) start_run(3);
    const float value = static_cast<float>(stretch_[offset_]) * gain();
    offset_ = (offset_ + 1) % stretch_size_;
    ++lost_;
    return saturate(value);
}

void Concealer::conceal(PcmOut frame) {
    if (lost_ == 0) {
        pitch_ = find_pitch();
        offset_ = 0;
        start_run(1);
    }
    for (Sample& sample : frame) sample = next_synthetic();
}

void Concealer::good(PcmOut frame) {
    if (lost_ > 0) {
        const std::size_t overlap = std::min(frame.size(), samples(lost_ > samples(10) ? 8 : 4));
        for (std::size_t i = 0; i < overlap; ++i) {
            const float in = static_cast<float>(i + 1) / static_cast<float>(overlap + 1);
            frame[i] = saturate(static_cast<float>(next_synthetic()) * (1 - in) + static_cast<float>(frame[i]) * in);
        }
        lost_ = 0;
    }
    remember(frame);
}

}  // namespace dp::audio
