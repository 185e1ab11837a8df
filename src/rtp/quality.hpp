#pragma once
/// @file Estimated listening quality of one direction: the simplified E-model (ITU-T G.107 defaults, G.113 Appendix I).
///
/// Threads: pure functions. Never from cumulative loss, never MOS 0; without a round-trip time delay counts as 0 and is
/// flagged.

#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace dp::rtp {

/// Equipment impairment of a codec. Opus and G.722 are our choice, G.113 has none: shown as estimated.
enum class QualityCodec : std::uint8_t { G711, G711WithPlc, G729A, Opus, G722, GsmFr };

struct QualityInput {
    QualityCodec codec = QualityCodec::G711WithPlc;
    std::optional<Duration> round_trip{};
    Duration buffer_delay{};  ///< jitter buffer, packetisation and codec look-ahead of this direction
    double loss = 0;          ///< 0…1 of an interval: network loss and late discards
    double mean_burst = 1;    ///< mean length of loss runs; 1 when unknown
};

struct Quality {
    double r = 93.2;
    double mos = 4.41;
    bool delay_unknown = false;
    bool estimated_codec = false;
};

Quality estimate_quality(const QualityInput& input);

/// An interval counts from 5 s and 100 packets on.
bool interval_is_long_enough(Duration length, std::uint64_t packets);

/// Packet-weighted mean and worst interval of a call.
class CallQuality {
public:
    void add(const Quality& quality, std::uint64_t packets);
    std::optional<double> mean_mos() const;
    std::optional<double> worst_mos() const { return worst_; }

private:
    double sum_ = 0;
    std::uint64_t packets_ = 0;
    std::optional<double> worst_;
};

}  // namespace dp::rtp
