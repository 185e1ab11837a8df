#include "rtp/telephone_event.hpp"

#include <algorithm>
#include <string_view>

#include "rtp/wire.hpp"

namespace dp::rtp {
namespace {

constexpr std::uint32_t kLongest = 0xFFFF;  ///< duration field
constexpr std::uint8_t kEndCopies = 3;      // RFC 4733 2.5.1.4
constexpr int kPacketTimesToEnd = 3;
constexpr Duration kShortestPacketTime = std::chrono::milliseconds(20);
constexpr Duration kLongestPacketTime = std::chrono::milliseconds(60);
constexpr std::string_view kDigits = "0123456789*#ABCD";

Duration duration_of(std::uint64_t ticks, std::uint32_t clock_rate) {
    return Duration(static_cast<std::int64_t>(ticks * 1'000'000'000U / clock_rate));
}

std::uint32_t ticks_of(Duration duration, std::uint32_t clock_rate) {
    return static_cast<std::uint32_t>(duration.count() / 1000 * clock_rate / 1'000'000);
}

/// What the growth of the duration says about the time between packets.
Duration packet_time(std::uint16_t before, std::uint16_t after, std::uint32_t clock_rate, Duration known) {
    if (after <= before) return known;
    return std::clamp(duration_of(static_cast<std::uint64_t>(after - before), clock_rate), kShortestPacketTime,
                      kLongestPacketTime);
}

/// RFC 4733 2.5.1.3: a segment that follows directly on a full one. That much had been announced before, which tells it
/// from a new key press whose marker was lost.
bool follows_full_segment(std::int32_t moved, std::uint16_t duration) {
    const auto step = static_cast<std::uint32_t>(moved);
    return moved > 0 && step <= kLongest + 1 && step >= duration && step >= kLongest - kLongest / 8 &&
           duration >= kLongest / 2;
}

}  // namespace

std::optional<EventPayload> parse_event(Bytes payload) {
    if (payload.size() < kEventPayload) return std::nullopt;
    return EventPayload{.event = payload[0],
                        .end = (payload[1] & 0x80U) != 0,
                        .volume = static_cast<std::uint8_t>(payload[1] & 0x3FU),
                        .duration = wire::load16(payload.data() + 2)};
}

void write_event(std::span<std::uint8_t, kEventPayload> out, const EventPayload& event) {
    out[0] = event.event;
    out[1] = static_cast<std::uint8_t>((event.end ? 0x80U : 0U) | (event.volume & 0x3FU));
    wire::store16(out.data() + 2, event.duration);
}

std::optional<char> digit_of(std::uint8_t event) {
    if (event >= kDigits.size()) return std::nullopt;
    return kDigits[event];
}

std::optional<std::uint8_t> event_of(char digit) {
    const char upper = digit >= 'a' && digit <= 'd' ? static_cast<char>(digit - 32) : digit;
    const std::size_t at = kDigits.find(upper);
    if (at == std::string_view::npos) return std::nullopt;
    return static_cast<std::uint8_t>(at);
}

// --- receiving
// ------------------------------------------------------------------------------------------------------------------------

bool EventReceiver::continues(const RtpHeader& header, const EventPayload& payload) const {
    return !header.marker && payload.event == event_ &&
           follows_full_segment(timestamp_distance(header.timestamp, timestamp_), duration_);
}

Digit EventReceiver::finish(bool end_lost) {
    active_ = false;
    return {.event = event_,
            .volume = volume_,
            .length = duration_of(earlier_segments_ + duration_, clock_rate_),
            .end_lost = end_lost};
}

void EventReceiver::begin(const RtpHeader& header, const EventPayload& payload) {
    active_ = true;
    any_ = true;
    timestamp_ = header.timestamp;
    event_ = payload.event;
    volume_ = payload.volume;
    earlier_segments_ = 0;
    duration_ = payload.duration;
}

EventReceiver::Report EventReceiver::on_packet(const RtpHeader& header, const EventPayload& payload, TimePoint now) {
    Report out;
    const std::int32_t moved = timestamp_distance(header.timestamp, timestamp_);
    if (any_ && moved < 0) return out;     // late
    if (any_ && moved == 0 && !active_) {  // a repeat of the end, or what comes after we gave it up
        duration_ = std::max(duration_, payload.duration);
        return out;
    }
    last_packet_ = now;
    if (any_ && !active_ && continues(header, payload)) {  // given up as ended before its segment was full
        timestamp_ = header.timestamp;
        duration_ = payload.duration;
        return out;
    }
    if (active_ && moved == 0) {
        packet_time_ = packet_time(duration_, payload.duration, clock_rate_, packet_time_);
        duration_ = std::max(duration_, payload.duration);
    } else if (active_ && continues(header, payload)) {
        earlier_segments_ += static_cast<std::uint32_t>(moved);
        timestamp_ = header.timestamp;
        duration_ = payload.duration;
    } else {
        if (active_) out.finished = finish(true);
        begin(header, payload);
        out.begun = payload.event;
        if (payload.end && out.finished) return out;  // its end repeats finish it
    }
    if (payload.end && active_) out.finished = finish(false);
    return out;
}

std::optional<Digit> EventReceiver::on_time(TimePoint now) {
    if (!active_ || now - last_packet_ < kPacketTimesToEnd * packet_time_) return std::nullopt;
    return finish(true);
}

// --- sending
// --------------------------------------------------------------------------------------------------------------------------

std::uint32_t EventSender::frame_ticks() const {
    return ticks_of(frame_, clock_rate_);
}

void EventSender::set_gap(Duration gap) {
    gap_ = std::max<Duration>(gap, std::chrono::milliseconds(50));
}

bool EventSender::start(const Event& event, std::uint32_t timestamp) {
    if (!idle()) return false;
    event_ = event;
    timestamp_ = timestamp;
    sent_ticks_ = 0;
    segment_ticks_ = 0;
    active_ = true;
    first_ = true;
    stopping_ = false;
    return true;
}

void EventSender::stop() {
    stopping_ = true;
}

std::optional<EventOut> EventSender::next_frame() {
    if (!active_) {
        if (gap_frames_ > 0) --gap_frames_;
        return std::nullopt;
    }
    const std::uint32_t frame = frame_ticks();
    if (segment_ticks_ + frame > kLongest) {  // RFC 4733 2.5.1.3: go on under a later timestamp
        timestamp_ += segment_ticks_;
        segment_ticks_ = 0;
    }
    segment_ticks_ += frame;
    sent_ticks_ += frame;
    const bool end = stopping_ || (event_.length && sent_ticks_ >= ticks_of(*event_.length, clock_rate_));
    EventOut out{.payload = {event_.event, end, event_.volume, static_cast<std::uint16_t>(segment_ticks_)},
                 .timestamp = timestamp_,
                 .marker = first_,
                 .copies = end ? kEndCopies : std::uint8_t{1}};
    first_ = false;
    if (end) {
        active_ = false;
        gap_frames_ = static_cast<std::uint32_t>((gap_ + frame_ - Duration(1)) / frame_);
    }
    return out;
}

// --- relaying
// -------------------------------------------------------------------------------------------------------------------------

bool EventRelay::is_old(const RtpHeader& header) const {
    return known_ && timestamp_distance(header.timestamp, in_timestamp_) < 0;
}

bool EventRelay::continues(const RtpHeader& header, const EventPayload& payload) const {
    return !header.marker && payload.event == event_ &&
           follows_full_segment(timestamp_distance(header.timestamp, in_timestamp_), in_duration_);
}

void EventRelay::begin(const RtpHeader& header, const EventPayload& payload, std::uint32_t out_timestamp) {
    active_ = true;
    known_ = true;
    first_ = true;
    event_ = payload.event;
    volume_ = payload.volume;
    in_timestamp_ = header.timestamp;
    in_earlier_ = 0;
    in_duration_ = 0;
    out_timestamp_ = out_timestamp;
    out_earlier_ = 0;
    out_total_ = 0;
}

EventOut EventRelay::packet(std::uint16_t duration, bool end) const {
    return {.payload = {event_, end, volume_, duration}, .timestamp = out_timestamp_, .marker = first_, .copies = 1};
}

/// Announces the incoming duration on the outgoing clock, over as many segments as that takes (at most one new one per
/// packet).
void EventRelay::progress(const EventPayload& payload, EventOuts& outs) {
    in_duration_ = std::max(in_duration_, payload.duration);
    out_total_ = std::max(out_total_, (in_earlier_ + in_duration_) * out_rate_ / in_rate_);
    while (out_total_ - out_earlier_ > kLongest) {
        // RFC 4733 2.5.1.3: the full segment is closed by its last duration, the event goes on under the timestamp
        // after it.
        if (outs.size() < 2) outs.add(packet(kLongest, false));
        first_ = false;
        out_earlier_ += kLongest;
        out_timestamp_ += kLongest;
    }
    EventOut out = packet(static_cast<std::uint16_t>(out_total_ - out_earlier_), payload.end);
    first_ = false;
    outs.add(out);
}

EventOut EventRelay::closing() {
    EventOut out = packet(static_cast<std::uint16_t>(out_total_ - out_earlier_), true);
    out.copies = kEndCopies;
    active_ = false;
    return out;
}

EventOuts EventRelay::on_packet(const RtpHeader& header, const EventPayload& payload, std::uint32_t out_timestamp,
                                TimePoint now) {
    EventOuts outs;
    if (is_old(header)) return outs;
    const std::int32_t moved = timestamp_distance(header.timestamp, in_timestamp_);
    const bool same = known_ && moved == 0;
    if (same && !active_ && (ended_by_us_ || !payload.end)) {  // late, or what comes after we gave it up
        in_duration_ = std::max(in_duration_, payload.duration);
        return outs;
    }
    if (known_ && !active_ && continues(header, payload)) {  // we made its end already
        in_timestamp_ = header.timestamp;
        in_duration_ = payload.duration;
        return outs;
    }
    if (active_ && !same && continues(header, payload)) {
        in_earlier_ += static_cast<std::uint32_t>(moved);
        in_timestamp_ = header.timestamp;
        in_duration_ = 0;
    } else if (!same) {
        if (active_) outs.add(closing());
        begin(header, payload, out_timestamp);
    }
    packet_time_ = packet_time(in_duration_, payload.duration, in_rate_, packet_time_);
    last_packet_ = now;
    ended_by_us_ = false;
    progress(payload, outs);
    if (payload.end) active_ = false;
    return outs;
}

std::optional<EventOut> EventRelay::on_time(TimePoint now) {
    if (!active_ || now - last_packet_ < kPacketTimesToEnd * packet_time_) return std::nullopt;
    ended_by_us_ = true;
    return closing();
}

}  // namespace dp::rtp
