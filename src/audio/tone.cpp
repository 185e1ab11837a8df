#include "audio/tone.hpp"

#include <cmath>
#include <numbers>

namespace dp::audio {
namespace {

struct Country {
    std::string_view code;
    ToneSpec dial, ringback, busy, congestion;
};

constexpr std::array<float, 2> kLevels{-13, -13};
constexpr std::array<float, 2> kPairLevels{-16, -16};  // two tones together: -13

constexpr ToneSpec single(float hertz, std::array<std::uint16_t, 4> cadence) {
    return {{hertz, 0}, kLevels, cadence};
}
constexpr ToneSpec pair(float low, float high, std::array<std::uint16_t, 4> cadence) {
    return {{low, high}, kPairLevels, cadence};
}

// E.180 supplement 2 (1994) for the national entries; the first row is E.180's own recommendation.
constexpr Country kCountries[] = {
    {"XX", single(425, {}), single(425, {1000, 4000}), single(425, {500, 500}), single(425, {250, 250})},
    {"US", pair(350, 440, {}), pair(440, 480, {2000, 4000}), pair(480, 620, {500, 500}), pair(480, 620, {250, 250})},
    {"CA", pair(350, 440, {}), pair(440, 480, {2000, 4000}), pair(480, 620, {500, 500}), pair(480, 620, {250, 250})},
    {"GB", pair(350, 440, {}), pair(400, 450, {400, 200, 400, 2000}), single(400, {375, 375}),
     single(400, {400, 350, 225, 525})},
    {"IE", single(425, {}), pair(400, 450, {400, 200, 400, 2000}), single(425, {500, 500}), single(425, {250, 250})},
    {"DE", single(425, {}), single(425, {1000, 4000}), single(425, {480, 480}), single(425, {240, 240})},
    {"FR", single(440, {}), single(440, {1500, 3500}), single(440, {500, 500}), single(440, {250, 250})},
    {"IT", single(425, {200, 200, 600, 1000}), single(425, {1000, 4000}), single(425, {500, 500}),
     single(425, {200, 200})},
    {"ES", single(425, {}), single(425, {1500, 3000}), single(425, {200, 200}), single(425, {200, 200, 200, 600})},
    {"JP", single(400, {}), single(400, {1000, 2000}), single(400, {500, 500}), single(400, {500, 500})},
    {"AU", pair(400, 425, {}), pair(400, 450, {400, 200, 400, 2000}), single(425, {375, 375}), single(425, {375, 375})},
    {"IN", pair(400, 425, {}), pair(400, 425, {400, 200, 400, 2000}), single(400, {750, 750}), single(400, {250, 250})},
};

/// Amplitude of a sine of this level; +3.14 dBm0 is full scale (G.711 A-law).
float amplitude_of(float dbm0) {
    return 32767.0F * std::pow(10.0F, (dbm0 - 3.14F) / 20.0F);
}

}  // namespace

ToneSpec network_tone(ToneKind kind, std::string_view country) {
    const Country* found = &kCountries[0];
    for (const Country& candidate : kCountries)
        if (candidate.code == country) found = &candidate;
    switch (kind) {
        case ToneKind::Silence:
            return {};
        case ToneKind::Dial:
            return found->dial;
        case ToneKind::Ringback:
            return found->ringback;
        case ToneKind::Busy:
            return found->busy;
        case ToneKind::Congestion:
            return found->congestion;
    }
    return {};
}

std::optional<ToneSpec> dtmf_tone(char digit) {
    constexpr std::string_view kKeys = "123A456B789C*0#D";
    constexpr std::array<float, 4> kLow{697, 770, 852, 941};
    constexpr std::array<float, 4> kHigh{1209, 1336, 1477, 1633};
    const auto at = kKeys.find(digit);
    if (at == std::string_view::npos) return std::nullopt;
    return ToneSpec{{kLow[at / 4], kHigh[at % 4]}, {-8, -6}, {}};
}

ToneGenerator::ToneGenerator(const ToneSpec& spec, std::uint32_t rate) : ramp_(rate / 200) {
    for (std::size_t i = 0; i < oscillators_.size(); ++i) {
        if (spec.hertz[i] <= 0) continue;
        const float turn = 2 * std::numbers::pi_v<float> * spec.hertz[i] / static_cast<float>(rate);
        oscillators_[i].turn_cosine = std::cos(turn);
        oscillators_[i].turn_sine = std::sin(turn);
        oscillators_[i].amplitude = amplitude_of(spec.level_dbm0[i]);
    }
    std::uint32_t total = 0;
    for (std::size_t i = 0; i < cadence_.size(); ++i) total += cadence_[i] = spec.cadence_ms[i] * rate / 1000;
    endless_ = total == 0;
}

/// 0 to 1: rising over the first 5 ms of a sounding phase, falling over its last 5.
float ToneGenerator::envelope() const {
    if (phase_ % 2 == 1) return 0;
    const std::uint32_t left = endless_ ? ramp_ : cadence_[phase_] - position_;
    const std::uint32_t nearest = std::min(position_, left);
    return nearest >= ramp_ ? 1.0F : static_cast<float>(nearest) / static_cast<float>(ramp_);
}

void ToneGenerator::step_cadence() {
    if (endless_) {
        position_ = std::min(position_ + 1, ramp_);
        return;
    }
    if (++position_ < cadence_[phase_]) return;
    position_ = 0;
    do phase_ = (phase_ + 1) % cadence_.size();
    while (cadence_[phase_] == 0);
}

void ToneGenerator::fill(PcmOut out) {
    for (Sample& sample : out) {
        float value = 0;
        for (Oscillator& o : oscillators_) {
            value += o.amplitude * o.sine;
            const float cosine = o.cosine * o.turn_cosine - o.sine * o.turn_sine;
            o.sine = o.sine * o.turn_cosine + o.cosine * o.turn_sine;
            o.cosine = cosine;
        }
        sample = saturate(value * envelope());
        step_cadence();
    }
    for (Oscillator& o : oscillators_) {  // the rotation drifts by rounding: pull it back to the unit circle
        const float correction = 1.5F - 0.5F * (o.cosine * o.cosine + o.sine * o.sine);
        o.cosine *= correction;
        o.sine *= correction;
    }
}

}  // namespace dp::audio
