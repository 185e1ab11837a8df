#include "rtp/quality.hpp"

#include <algorithm>

namespace dp::rtp {
namespace {

constexpr Duration kShortestInterval = std::chrono::seconds(5);
constexpr std::uint64_t kFewestPackets = 100;
constexpr double kBestR = 93.2;  // G.107 with all defaults

struct Impairment {
    double ie;
    double bpl;
    bool estimated;
};

/// G.113 Appendix I, as commonly quoted; the last three are our own choice.
Impairment impairment_of(QualityCodec codec) {
    switch (codec) {
        case QualityCodec::G711:
            return {0, 4.3, false};
        case QualityCodec::G711WithPlc:
            return {0, 25.1, false};
        case QualityCodec::G729A:
            return {11, 19, false};
        case QualityCodec::Opus:
            return {0, 20, true};
        case QualityCodec::G722:
            return {0, 12, true};
        case QualityCodec::GsmFr:
            return {20, 10, true};
    }
    return {0, 4.3, true};
}

double delay_impairment(double one_way_ms) {
    const double beyond = std::max(0.0, one_way_ms - 177.3);
    return 0.024 * one_way_ms + 0.11 * beyond;
}

double loss_impairment(const Impairment& codec, double percent, double mean_burst) {
    if (percent <= 0) return codec.ie;
    const double random_burst = 1 / (1 - std::min(percent, 99.0) / 100);
    const double ratio = std::max(1.0, mean_burst / random_burst);
    return codec.ie + (95 - codec.ie) * percent / (percent / ratio + codec.bpl);
}

double mos_of(double r) {
    if (r <= 0) return 1;
    if (r >= 100) return 4.5;
    return std::max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}

double millis(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

Quality estimate_quality(const QualityInput& input) {
    const Impairment codec = impairment_of(input.codec);
    Quality out;
    out.delay_unknown = !input.round_trip;
    out.estimated_codec = codec.estimated;
    const double delay =
        input.round_trip ? delay_impairment(millis(*input.round_trip) / 2 + millis(input.buffer_delay)) : 0;
    out.r = kBestR - delay - loss_impairment(codec, std::clamp(input.loss, 0.0, 1.0) * 100, input.mean_burst);
    out.mos = mos_of(out.r);
    return out;
}

bool interval_is_long_enough(Duration length, std::uint64_t packets) {
    return length >= kShortestInterval && packets >= kFewestPackets;
}

void CallQuality::add(const Quality& quality, std::uint64_t packets) {
    sum_ += quality.mos * static_cast<double>(packets);
    packets_ += packets;
    worst_ = worst_ ? std::min(*worst_, quality.mos) : quality.mos;
}

std::optional<double> CallQuality::mean_mos() const {
    if (packets_ == 0) return std::nullopt;
    return sum_ / static_cast<double>(packets_);
}

}  // namespace dp::rtp
