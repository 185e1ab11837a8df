#pragma once
/// @file Telephone-events (DTMF) on the wire: payload, receiving, sending, and carrying them between clock rates.
///
/// Problem: between an 8000 Hz and a 48000 Hz leg both timestamp and duration scale, and the 16-bit duration runs over
/// after 1.365 s at 48000: the event then goes on as a new segment. The three end packets may all be lost. Threads: the
/// leg's worker; no allocation; time handed in. Source: RFC 4733 2.3, 2.5.

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "rtp/rtp_packet.hpp"

namespace dp::rtp {

inline constexpr std::size_t kEventPayload = 4;

struct EventPayload {
    std::uint8_t event = 0;  ///< 0-9 digits, 10 *, 11 #, 12-15 A-D, 16 flash
    bool end = false;
    std::uint8_t volume = 10;    ///< -dBm0
    std::uint16_t duration = 0;  ///< timestamp units since the packet's timestamp
    bool operator==(const EventPayload&) const = default;
};

std::optional<EventPayload> parse_event(Bytes payload);
void write_event(std::span<std::uint8_t, kEventPayload> out, const EventPayload& event);

std::optional<char> digit_of(std::uint8_t event);  ///< '0'…'9' '*' '#' 'A'…'D'; nothing above 15
std::optional<std::uint8_t> event_of(char digit);

/// A whole key press as heard.
struct Digit {
    std::uint8_t event = 0;
    std::uint8_t volume = 10;
    Duration length{};
    bool end_lost = false;
};

/// Turns packets into key presses: begun at the first packet, finished at the first end packet, at a new event, or 3
/// packet times after the last packet.
class EventReceiver {
public:
    explicit EventReceiver(std::uint32_t clock_rate) : clock_rate_(clock_rate) {}

    struct Report {
        std::optional<std::uint8_t> begun;
        std::optional<Digit> finished;  ///< may be the previous one, when `begun` is set too
    };
    Report on_packet(const RtpHeader& header, const EventPayload& payload, TimePoint now);
    /// Ends an event whose end packets were lost. Call about every 10 ms while active().
    std::optional<Digit> on_time(TimePoint now);
    bool active() const { return active_; }

private:
    bool continues(const RtpHeader& header, const EventPayload& payload) const;
    Digit finish(bool end_lost);
    void begin(const RtpHeader& header, const EventPayload& payload);

    std::uint32_t clock_rate_;
    bool active_ = false;
    bool any_ = false;
    std::uint32_t timestamp_ = 0;  ///< of the current segment
    std::uint8_t event_ = 0;
    std::uint8_t volume_ = 10;
    std::uint64_t earlier_segments_ = 0;  ///< ticks of the segments before this one
    std::uint16_t duration_ = 0;
    TimePoint last_packet_{};
    Duration packet_time_{std::chrono::milliseconds(20)};
};

/// One packet of an event to send, `copies` times with rising sequence numbers (StreamRewriter::originate_at).
struct EventOut {
    EventPayload payload;
    std::uint32_t timestamp = 0;  ///< on the outgoing timeline
    bool marker = false;          ///< first packet of an event, never of a continued segment
    std::uint8_t copies = 1;      ///< 3 for an end that we make
};

/// What became due at once. Three is the most: the end of a previous event whose end was lost, the last packet of a
/// full segment, and the packet itself.
class EventOuts {
public:
    void add(const EventOut& out) { items_[count_++] = out; }
    std::size_t size() const { return count_; }
    bool empty() const { return count_ == 0; }
    const EventOut& operator[](std::size_t i) const { return items_[i]; }
    const EventOut* begin() const { return items_.data(); }
    const EventOut* end() const { return items_.data() + count_; }

private:
    std::array<EventOut, 3> items_{};
    std::size_t count_ = 0;
};

/// Emits one event: a packet per frame while it lasts, three at the end, segments when the duration would run over.
class EventSender {
public:
    EventSender(std::uint32_t clock_rate, Duration frame) : clock_rate_(clock_rate), frame_(frame) {}

    struct Event {
        std::uint8_t event = 0;
        std::uint8_t volume = 10;
        std::optional<Duration> length{};  ///< absent: until stop()
    };
    /// `timestamp`: the outgoing timeline's value for now. Refused (false) while another event or its gap is under way.
    bool start(const Event& event, std::uint32_t timestamp);
    /// The next packet ends the event.
    void stop();
    /// Called once per frame: what is due now, if anything.
    std::optional<EventOut> next_frame();
    /// An event is under way: audio of this leg pauses.
    bool active() const { return active_; }
    bool idle() const { return !active_ && gap_frames_ == 0; }
    /// Silence after an event; 50 ms at least.
    void set_gap(Duration gap);

private:
    std::uint32_t frame_ticks() const;

    bool active_ = false;  // first: a leg asks for every packet it relays, and nothing else of this
    bool first_ = false;
    bool stopping_ = false;
    std::uint32_t clock_rate_;
    Duration frame_;
    Duration gap_{std::chrono::milliseconds(50)};
    Event event_;
    std::uint64_t sent_ticks_ = 0;
    std::uint32_t segment_ticks_ = 0;
    std::uint32_t timestamp_ = 0;
    std::uint32_t gap_frames_ = 0;
};

/// Carries events of one leg to the other packet by packet, scaled to the other clock. Incoming and outgoing timestamps
/// of an event are tied together at its first packet.
class EventRelay {
public:
    EventRelay(std::uint32_t in_rate, std::uint32_t out_rate) : in_rate_(in_rate), out_rate_(out_rate) {}

    /// `out_timestamp`: the outgoing timeline's value for now, used when an event begins.
    EventOuts on_packet(const RtpHeader& header, const EventPayload& payload, std::uint32_t out_timestamp,
                        TimePoint now);
    /// The end we owe when the peer's end packets were lost. Call about every 10 ms while active().
    std::optional<EventOut> on_time(TimePoint now);
    /// An event is under way: audio towards this leg pauses.
    bool active() const { return active_; }

private:
    bool is_old(const RtpHeader& header) const;
    bool continues(const RtpHeader& header, const EventPayload& payload) const;
    void begin(const RtpHeader& header, const EventPayload& payload, std::uint32_t out_timestamp);
    void progress(const EventPayload& payload, EventOuts& outs);
    EventOut packet(std::uint16_t duration, bool end) const;
    EventOut closing();

    bool active_ = false;  // first: see EventSender
    bool known_ = false;   ///< in_timestamp_ belongs to an event that was relayed
    bool first_ = false;
    bool ended_by_us_ = false;
    std::uint8_t event_ = 0;
    std::uint8_t volume_ = 10;
    std::uint32_t in_rate_;
    std::uint32_t out_rate_;
    std::uint32_t in_timestamp_ = 0;   ///< of the incoming segment
    std::uint64_t in_earlier_ = 0;     ///< incoming ticks of earlier segments
    std::uint16_t in_duration_ = 0;    ///< of the incoming segment
    std::uint32_t out_timestamp_ = 0;  ///< of the outgoing segment
    std::uint64_t out_earlier_ = 0;    ///< outgoing ticks of earlier segments
    std::uint64_t out_total_ = 0;      ///< outgoing ticks announced so far
    TimePoint last_packet_{};
    Duration packet_time_{std::chrono::milliseconds(20)};
};

}  // namespace dp::rtp
