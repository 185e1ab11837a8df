#include "rtp/receiver_statistics.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace dp::rtp {
namespace {

constexpr std::uint16_t kMaxDropout = 3000;  // RFC 3550 A.1
constexpr std::uint16_t kMaxMisorder = 100;
constexpr std::uint32_t kRunToTakeOver = 2;
constexpr Duration kSilentSource = std::chrono::milliseconds(200);
constexpr Duration kSwitchPause = std::chrono::seconds(1);

std::int32_t clamp24(std::int64_t value) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(value, -0x800000, 0x7FFFFF));
}

/// RFC 3550 A.3: lost in the interval, of 256.
std::uint8_t fraction_of(std::int64_t lost, std::uint64_t expected) {
    if (expected == 0 || lost <= 0) return 0;
    return static_cast<std::uint8_t>(std::min<std::uint64_t>(255, (static_cast<std::uint64_t>(lost) << 8U) / expected));
}

ReceiverCounts sum(ReceiverCounts a, const ReceiverCounts& b) {
    a.packets += b.packets;
    a.octets += b.octets;
    a.duplicates += b.duplicates;
    a.reordered += b.reordered;
    a.expected += b.expected;
    return a;
}

}  // namespace

// --- one source
// ---------------------------------------------------------------------------------------------------------------------

void SourceStatistics::start(std::uint32_t ssrc, std::uint32_t clock_rate, std::uint64_t generation) {
    *this = SourceStatistics{};
    ssrc_ = ssrc;
    clock_rate_ = clock_rate;
    generation_ = generation;
    in_use_ = true;
}

void SourceStatistics::restart(std::uint16_t sequence) {
    earlier_expected_ = counts_.expected;
    base_ = sequence;
    highest_ = sequence;
    cycles_ = 0;
    recent_ = 1;
    run_ = 1;
    bad_next_.reset();
    last_timestamp_.reset();
}

SourceStatistics::Verdict SourceStatistics::advance(std::uint16_t sequence, std::uint16_t ahead) {
    if (sequence < highest_) cycles_ += 0x10000;
    highest_ = sequence;
    recent_ = ahead >= 64 ? 1 : recent_ << ahead | 1U;
    run_ = ahead == 1 ? run_ + 1 : 1;
    return Verdict::InOrder;
}

SourceStatistics::Verdict SourceStatistics::look_back(std::uint16_t behind) {
    if (behind >= 64) return Verdict::Reordered;
    const std::uint64_t bit = std::uint64_t{1} << behind;
    if ((recent_ & bit) != 0) return Verdict::Duplicate;
    recent_ |= bit;
    return Verdict::Reordered;
}

/// RFC 3550 A.1 without its probation: whether a new SSRC is believed is decided over all sources of the leg.
SourceStatistics::Verdict SourceStatistics::update_sequence(std::uint16_t sequence) {
    if (!started_) {
        started_ = true;
        restart(sequence);
        return Verdict::InOrder;
    }
    const auto ahead = static_cast<std::uint16_t>(sequence - highest_);
    const auto behind = static_cast<std::uint16_t>(highest_ - sequence);
    if (ahead != 0 && ahead < kMaxDropout) return advance(sequence, ahead);
    if (behind <= kMaxMisorder) return look_back(behind);
    if (bad_next_ == sequence) {
        restart(sequence);
        return Verdict::Restarted;
    }
    bad_next_ = static_cast<std::uint16_t>(sequence + 1);
    return Verdict::Rejected;
}

/// RFC 3550 A.8 with differences only, so that no absolute time is scaled.
void SourceStatistics::update_jitter(const RtpHeader& header, TimePoint arrival) {
    if (last_timestamp_) {
        const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(arrival - last_arrival_).count();
        const std::int64_t ticks = elapsed * clock_rate_ / 1'000'000;
        const std::int64_t d = std::abs(ticks - timestamp_distance(header.timestamp, *last_timestamp_));
        jitter_q4_ += d - ((jitter_q4_ + 8) >> 4);
    }
    last_timestamp_ = header.timestamp;
}

SourceStatistics::Verdict SourceStatistics::on_packet(const RtpHeader& header, TimePoint arrival, Timing timing) {
    const Verdict verdict = update_sequence(header.sequence);
    if (verdict == Verdict::Rejected) return verdict;
    if (verdict == Verdict::Duplicate) {
        ++counts_.duplicates;
        return verdict;
    }
    if (verdict == Verdict::Reordered) ++counts_.reordered;
    if (counts_.packets > 0) max_delta_ = std::max<Duration>(max_delta_, arrival - last_arrival_);
    ++counts_.packets;
    counts_.octets += header.payload_size;
    counts_.expected = earlier_expected_ + (highest_sequence() - base_) + 1;
    if (timing == Timing::Regular)
        update_jitter(header, arrival);
    else
        last_timestamp_.reset();
    last_arrival_ = arrival;
    return verdict;
}

void SourceStatistics::on_sender_report(const SenderInfo& info, TimePoint arrival) {
    last_sr_ = middle_of(info.ntp);
    last_sr_arrival_ = arrival;
}

ReportBlock SourceStatistics::report(TimePoint now) {
    const ReceiverCounts before = std::exchange(at_last_report_, counts_);
    ReportBlock out;
    out.ssrc = ssrc_;
    out.fraction_lost = fraction_of(counts_.lost() - before.lost(), counts_.expected - before.expected);
    out.cumulative_lost = clamp24(counts_.lost());
    out.highest_sequence = highest_sequence();
    out.jitter = static_cast<std::uint32_t>(jitter_q4_ >> 4);
    out.last_sr = last_sr_;
    if (last_sr_ != 0) {
        const auto since = std::chrono::duration_cast<std::chrono::microseconds>(now - last_sr_arrival_).count();
        out.delay_since_sr = static_cast<std::uint32_t>(since * 65536 / 1'000'000);
    }
    return out;
}

Duration SourceStatistics::jitter() const {
    return Duration((jitter_q4_ >> 4) * 1'000'000'000 / clock_rate_);
}

// --- the sources of a leg
// -------------------------------------------------------------------------------------------------------------

SourceStatistics* ReceiverStatistics::current() {
    if (!current_ssrc_) return nullptr;
    const auto it =
        std::ranges::find_if(sources_, [&](const auto& s) { return s.in_use() && s.ssrc() == *current_ssrc_; });
    return it == sources_.end() ? nullptr : &*it;
}

const SourceStatistics* ReceiverStatistics::current() const {
    if (!current_ssrc_) return nullptr;
    const auto it =
        std::ranges::find_if(sources_, [&](const auto& s) { return s.in_use() && s.ssrc() == *current_ssrc_; });
    return it == sources_.end() ? nullptr : &*it;
}

/// Known, or in place of the longest silent one, the current never.
SourceStatistics& ReceiverStatistics::state_of(std::uint32_t ssrc) {
    SourceStatistics* victim = nullptr;
    for (SourceStatistics& source : sources_) {
        if (source.in_use() && source.ssrc() == ssrc) return source;
        const bool current = source.in_use() && current_ssrc_ == source.ssrc();
        const bool found_free = victim && !victim->in_use();
        if (current || found_free) continue;
        if (!victim || !source.in_use() || source.last_arrival() < victim->last_arrival()) victim = &source;
    }
    if (victim->in_use()) retired_ = sum(retired_, victim->counts());
    victim->start(ssrc, clock_rate_, ++generations_);
    return *victim;
}

/// A new SSRC takes over after 2 packets in order, once a second at most; at once, and also an older one, when the
/// current is silent.
bool ReceiverStatistics::may_take_over(const SourceStatistics& candidate, TimePoint now) const {
    const SourceStatistics* playing = current();
    if (!playing || now - playing->last_arrival() > kSilentSource) return true;
    const bool newer = candidate.generation() > playing->generation();
    return newer && candidate.run() >= kRunToTakeOver && now - switched_at_ >= kSwitchPause;
}

ReceiverStatistics::Outcome ReceiverStatistics::on_packet(const RtpHeader& header, TimePoint arrival,
                                                          SourceStatistics::Timing timing) {
    SourceStatistics& source = state_of(header.ssrc);
    const auto verdict = source.on_packet(header, arrival, timing);
    if (verdict == SourceStatistics::Verdict::Duplicate || verdict == SourceStatistics::Verdict::Rejected)
        return Outcome::Discard;
    if (current_ssrc_ == header.ssrc) return Outcome::Play;
    if (!may_take_over(source, arrival)) return Outcome::Discard;
    const bool first = !current_ssrc_;
    current_ssrc_ = header.ssrc;
    if (first) return Outcome::Play;
    switched_at_ = arrival;
    return Outcome::Switched;
}

void ReceiverStatistics::on_rtcp(const RtcpCompound& compound, TimePoint arrival) {
    if (!compound.sender) return;
    for (SourceStatistics& source : sources_)
        if (source.in_use() && source.ssrc() == compound.sender_ssrc)
            source.on_sender_report(*compound.sender, arrival);
}

void ReceiverStatistics::reset(std::uint32_t clock_rate) {
    retired_ = totals();
    sources_ = {};
    current_ssrc_.reset();
    clock_rate_ = clock_rate;
}

ReceiverCounts ReceiverStatistics::totals() const {
    ReceiverCounts out = retired_;
    for (const SourceStatistics& source : sources_)
        if (source.in_use()) out = sum(out, source.counts());
    return out;
}

}  // namespace dp::rtp
