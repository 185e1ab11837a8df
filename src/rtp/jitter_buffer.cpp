#include "rtp/jitter_buffer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace dp::rtp {
namespace {

using std::chrono::milliseconds;

constexpr Duration kInterval = milliseconds(500);  ///< one histogram sample
constexpr Duration kBreak = milliseconds(500);     ///< timestamps and arrivals part: another stream
constexpr Duration kLongestUnderrun = milliseconds(500);
constexpr Duration kSlackToAccelerate =
    milliseconds(12);  ///< a removed pitch period (5 to 15 ms) should not fall below the need
constexpr Duration kSlackToStretch = milliseconds(3);
constexpr int kFastFactor = 4;
constexpr float kLossForLookAhead = 0.01F;

}  // namespace

JitterBuffer::JitterBuffer(const Options& options)
    : options_(options), arena_(std::make_unique<std::uint8_t[]>(kArena)), last_duration_(options.frame) {}

Duration JitterBuffer::time_of(std::int64_t ticks) const {
    return Duration(ticks * 1'000'000 / options_.clock_rate * 1000);
}

/// The delay that lets 95 % of the packets come in time; a frame more when lost ones are rebuilt from the packet behind
/// them.
Duration JitterBuffer::need() const {
    const Duration covered =
        histogram_.empty() ? options_.start_delay : std::min(histogram_.quantile(), options_.max_target);
    const bool look_ahead = options_.fec && loss_ > kLossForLookAhead;
    return look_ahead ? covered + time_of(last_duration_) : covered;
}

Duration JitterBuffer::target() const {
    return std::max(need(), time_of(last_duration_));
}

Duration JitterBuffer::held() const {
    std::int64_t ticks = 0;
    for (const Slot& slot : slots_)
        if (slot.used) ticks += slot.duration;
    return time_of(ticks);
}

// --- receiving
// ------------------------------------------------------------------------------------------------------------------------

void JitterBuffer::release(Slot& slot) {
    slot.used = false;
    --used_;
}

/// Drops what is held and plays anew from the next packet; what was learned about the network stays.
void JitterBuffer::restart() {
    for (Slot& slot : slots_)
        if (slot.used) release(slot);
    arrival_delay_ = {};
    interval_end_.reset();
    interval_maximum_ = Duration::zero();
    playing_ = false;
    in_silence_ = false;
    concealing_ = false;
    credit_ = 0;
    ++counts_.resets;
}

void JitterBuffer::reset() {
    restart();
    histogram_ = {};
    ssrc_.reset();
    loss_ = 0;
}

bool JitterBuffer::breaks_stream(const RtpHeader& header, TimePoint arrival) const {
    if (!ssrc_) return false;
    if (*ssrc_ != header.ssrc) return true;
    const Duration moved = time_of(timestamp_distance(header.timestamp, newest_timestamp_));
    const Duration apart = moved - (arrival - newest_arrival_);
    return apart > kBreak || apart < -kBreak;
}

void JitterBuffer::learn(const RtpHeader& header, Kind kind, TimePoint arrival) {
    const Duration delay = arrival_delay_.on_packet(header.timestamp, options_.clock_rate, arrival);
    if (!interval_end_) interval_end_ = arrival + kInterval;
    if (arrival >= *interval_end_) {  // closed before this packet: a burst after a stall is one sample, not two
        histogram_.add(interval_maximum_);
        interval_end_ = arrival + kInterval;
        interval_maximum_ = Duration::zero();
    }
    if (kind == Kind::Audio) interval_maximum_ = std::max(interval_maximum_, delay);
}

/// Whether the packet still has its time before it; makes room in its slot.
bool JitterBuffer::admit(const RtpHeader& header) {
    if (playing_) {
        const int ahead = sequence_distance(header.sequence, next_sequence_);
        if (ahead < 0) {
            ++counts_.late;
            return false;
        }
        if (ahead >= static_cast<int>(kSlots)) {
            counts_.overflow += used_;
            restart();
        }
    }
    Slot& slot = slot_of(header.sequence);
    if (!slot.used) return true;
    if (slot.sequence == header.sequence) {
        ++counts_.duplicates;
        return false;
    }
    ++counts_.overflow;
    release(slot);
    return true;
}

/// A contiguous piece of the arena; whoever lies there must go.
std::uint64_t JitterBuffer::reserve(std::size_t size) {
    const std::size_t at = arena_head_ % kArena;
    if (at + size > kArena) arena_head_ += kArena - at;
    const std::uint64_t begin = arena_head_;
    arena_head_ += size;
    for (Slot& slot : slots_) {
        if (!slot.used || slot.arena_begin + kArena >= arena_head_) continue;
        ++counts_.overflow;
        release(slot);
    }
    return begin;
}

void JitterBuffer::store(const RtpHeader& header, Bytes payload, std::uint32_t duration, Kind kind) {
    const std::uint64_t begin = reserve(payload.size());
    if (!payload.empty()) std::memcpy(arena_.get() + begin % kArena, payload.data(), payload.size());
    slot_of(header.sequence) = {.used = true,
                                .kind = kind,
                                .payload_type = header.payload_type,
                                .sequence = header.sequence,
                                .timestamp = header.timestamp,
                                .duration = duration,
                                .arena_begin = begin,
                                .size = static_cast<std::uint32_t>(payload.size())};
    ++used_;
    ++counts_.inserted;
}

/// 400 ms are the most that is ever held: down to the target, the oldest first.
void JitterBuffer::enforce_bound() {
    if (held() <= options_.bound) return;
    while (used_ > 1 && held() > target()) {
        release(*oldest());
        ++counts_.overflow;
    }
    Slot* first = oldest();
    if (!playing_ || !first) return;
    next_sequence_ = first->sequence;
    next_timestamp_ = first->timestamp;
}

void JitterBuffer::insert(const RtpHeader& header, Bytes payload, std::uint32_t duration, Kind kind,
                          TimePoint arrival) {
    if (duration == 0 || payload.size() > kArena / 4) return;
    if (breaks_stream(header, arrival)) restart();
    if (!ssrc_ || *ssrc_ != header.ssrc || timestamp_distance(header.timestamp, newest_timestamp_) > 0 ||
        !arrival_delay_.started()) {
        newest_timestamp_ = header.timestamp;
        newest_arrival_ = arrival;
    }
    ssrc_ = header.ssrc;
    learn(header, kind, arrival);
    if (!admit(header)) return;
    store(header, payload, duration, kind);
    enforce_bound();
}

// --- playing
// --------------------------------------------------------------------------------------------------------------------------

JitterBuffer::Slot* JitterBuffer::oldest() {
    if (used_ == 0) return nullptr;
    if (playing_)
        if (Slot& expected = slot_of(next_sequence_); expected.used && expected.sequence == next_sequence_)
            return &expected;
    Slot* out = nullptr;
    for (Slot& slot : slots_)
        if (slot.used && (!out || sequence_distance(slot.sequence, out->sequence) < 0)) out = &slot;
    return out;
}

Duration JitterBuffer::playout_delay(std::uint32_t timestamp, TimePoint now) const {
    return now - arrival_delay_.earliest_arrival(timestamp, options_.clock_rate);
}

PlayAction JitterBuffer::pace(std::uint32_t timestamp, std::uint32_t queued, TimePoint now) const {
    const Duration slack = playout_delay(timestamp, now) - need();
    if (slack < -kSlackToStretch) return PlayAction::Stretch;
    if (slack + time_of(queued) >= kFastFactor * target()) return PlayAction::FastAccelerate;
    return slack >= kSlackToAccelerate ? PlayAction::Accelerate : PlayAction::Normal;
}

PlayDecision JitterBuffer::play(Slot& slot, PlayAction action) {
    next_sequence_ = static_cast<std::uint16_t>(slot.sequence + 1);
    next_timestamp_ = slot.timestamp + slot.duration;
    last_duration_ = slot.duration;
    concealing_ = false;
    credit_ = 0;
    in_silence_ = slot.kind == Kind::ComfortNoise;
    if (in_silence_) action = PlayAction::ComfortNoise;
    ++counts_.decoded;
    counts_.accelerations += action == PlayAction::Accelerate || action == PlayAction::FastAccelerate;
    counts_.stretches += action == PlayAction::Stretch;
    note_loss(0);
    const Bytes payload(arena_.get() + slot.arena_begin % kArena, slot.size);
    release(slot);
    return {action, payload, slot.payload_type, slot.timestamp, slot.duration};
}

PlayDecision JitterBuffer::conceal(std::uint32_t duration) {
    concealing_ = true;
    ++counts_.concealed_frames;
    return {.action = PlayAction::Expand, .payload = {}, .timestamp = next_timestamp_, .duration = duration};
}

PlayDecision JitterBuffer::noise() {
    return {
        .action = PlayAction::ComfortNoise, .payload = {}, .timestamp = next_timestamp_, .duration = last_duration_};
}

/// The lost packet from what its successor carries of it; the successor stays.
PlayDecision JitterBuffer::fec(const Slot& following) {
    ++counts_.fec_frames;
    note_loss(1);
    const std::uint32_t timestamp = next_timestamp_;
    ++next_sequence_;
    next_timestamp_ = following.timestamp;
    return {PlayAction::DecodeFec, Bytes(arena_.get() + following.arena_begin % kArena, following.size),
            following.payload_type, timestamp, following.timestamp - timestamp};
}

/// First packet of a stream: it waits until its delay reaches the target.
PlayDecision JitterBuffer::begin(TimePoint now) {
    Slot* first = oldest();
    if (!first || playout_delay(first->timestamp, now) < target()) return {.payload = {}};
    playing_ = true;
    return play(*first, PlayAction::Normal);
}

PlayDecision JitterBuffer::in_order(Slot& slot, std::uint32_t queued, TimePoint now) {
    const std::int32_t leap = timestamp_distance(slot.timestamp, next_timestamp_);
    const bool pause = in_silence_ || leap > 0;
    // Contiguous sequence and a leap of the timestamp: the peer was silent (DTX), nothing is missing. It waits for its
    // time.
    if (pause && leap > 0 && playout_delay(slot.timestamp, now) < target()) {
        in_silence_ = true;
        return noise();
    }
    if (concealing_) return play(slot, PlayAction::Merge);
    return play(slot, pause ? PlayAction::Normal : pace(slot.timestamp, queued, now));
}

/// Packets are missing before `following`: each is concealed for its own time and given up.
PlayDecision JitterBuffer::over_gap(Slot& following, TimePoint now) {
    if (in_silence_) {
        if (playout_delay(following.timestamp, now) < target()) return noise();
        return play(following, PlayAction::Normal);
    }
    const int missing = sequence_distance(following.sequence, next_sequence_);
    const std::int32_t gap = timestamp_distance(following.timestamp, next_timestamp_);
    const std::int32_t remaining = gap - static_cast<std::int32_t>(credit_);
    if (remaining <= 0) {
        note_loss(1);
        return play(following, PlayAction::Merge);
    }
    const bool one_frame = missing == 1 && gap == static_cast<std::int32_t>(following.duration);
    if (options_.fec && one_frame && !concealing_) return fec(following);
    note_loss(1);
    const auto step = std::min(static_cast<std::uint32_t>(remaining), last_duration_);
    const PlayDecision out = conceal(step);
    const bool last = missing == 1;
    next_sequence_ = static_cast<std::uint16_t>(next_sequence_ + 1);
    next_timestamp_ = last ? following.timestamp : next_timestamp_ + step;
    return out;
}

/// Nothing is there. The timeline stands: what comes late is played late, and the delay has grown by what was
/// concealed.
PlayDecision JitterBuffer::underrun() {
    if (in_silence_) return noise();
    if (time_of(credit_) >= kLongestUnderrun) {
        playing_ = false;
        concealing_ = false;
        credit_ = 0;
        return {.payload = {}};
    }
    credit_ += last_duration_;
    return conceal(last_duration_);
}

PlayDecision JitterBuffer::next(std::uint32_t queued, TimePoint now) {
    if (!playing_) return begin(now);
    Slot* slot = oldest();
    if (!slot) return underrun();
    if (slot->sequence == next_sequence_) return in_order(*slot, queued, now);
    return over_gap(*slot, now);
}

}  // namespace dp::rtp
