#include "rtp/stream_rewriter.hpp"

#include <algorithm>
#include <cstdlib>

namespace dp::rtp {
namespace {

constexpr int kMaxDropout = 3000;  // RFC 3550 A.1
constexpr int kMaxMisorder = 100;
constexpr Duration kMaxLeap = std::chrono::seconds(3);

}  // namespace

StreamRewriter::StreamRewriter(Random& random, std::uint32_t clock_rate, Duration frame) : frame_(frame) {
    renew(random, clock_rate);
}

void StreamRewriter::renew(Random& random, std::uint32_t clock_rate) {
    ssrc_ = random.next_u32();
    clock_rate_ = clock_rate;
    next_index_ =
        random.between(1, 0x7FFF);  // below 2^15: the receiver's first rollover guess cannot be wrong (RFC 3711 3.3.1)
    newest_timestamp_ = random.next_u32();
    newest_at_ = {};
    used_ = {};
    feed_ = Feed::None;
    rebase_ = false;
}

std::uint32_t StreamRewriter::ticks_of(Duration duration) const {
    const auto micros =
        std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
    return static_cast<std::uint32_t>(micros * clock_rate_ / 1'000'000);
}

std::uint32_t StreamRewriter::timestamp_at(TimePoint now) const {
    return feed_ == Feed::None ? newest_timestamp_ : newest_timestamp_ + ticks_of(now - newest_at_);
}

/// The timestamp for a run that begins now: at least a frame on, else by the clock, in whole frames.
std::uint32_t StreamRewriter::run_timestamp(TimePoint now) const {
    if (feed_ == Feed::None) return newest_timestamp_;
    const std::uint32_t frame = std::max<std::uint32_t>(1, ticks_of(frame_));
    const std::uint32_t frames = (ticks_of(now - newest_at_) + frame / 2) / frame;
    return newest_timestamp_ + std::max<std::uint32_t>(1, frames) * frame;
}

bool StreamRewriter::breaks_run(const RtpHeader& in, TimePoint now, Content content) const {
    if (feed_ != Feed::Peer || rebase_ || in.ssrc != in_ssrc_) return true;
    const int ahead = sequence_distance(in.sequence, in_highest_);
    if (ahead > kMaxDropout || ahead < -kMaxMisorder) return true;
    if (ahead <= 0 || content == Content::Event) return false;
    const std::int32_t moved = timestamp_distance(in.timestamp, in_timestamp_);
    const std::int64_t elapsed = ticks_of(now - in_at_);
    const bool leaps = std::abs(moved - elapsed) > static_cast<std::int64_t>(ticks_of(kMaxLeap));
    return moved < 0 || leaps;
}

RtpFields StreamRewriter::emit(std::uint64_t index, std::uint32_t timestamp, Marker marker, TimePoint now) {
    used_.commit(index);
    ++packets_;
    if (index >= next_index_) {
        next_index_ = index + 1;
        if (timestamp != newest_timestamp_ || feed_ == Feed::None)
            newest_at_ = now;  // repeats of an event keep its beginning
        newest_timestamp_ = timestamp;
    }
    return {.marker = marker == Marker::Set,
            .sequence = static_cast<std::uint16_t>(index),
            .timestamp = timestamp,
            .ssrc = ssrc_};
}

RtpFields StreamRewriter::begin_peer_run(const RtpHeader& in, TimePoint now) {
    const std::uint32_t timestamp = run_timestamp(now);
    timestamp_delta_ = timestamp - in.timestamp;
    in_ssrc_ = in.ssrc;
    in_highest_ = in.sequence;
    in_highest_index_ = next_index_;
    in_timestamp_ = in.timestamp;
    in_at_ = now;
    rebase_ = false;
    const RtpFields out = emit(next_index_, timestamp, Marker::Set, now);
    feed_ = Feed::Peer;
    return out;
}

std::optional<RtpFields> StreamRewriter::relay(const RtpHeader& in, TimePoint now, Content content) {
    if (breaks_run(in, now, content)) return begin_peer_run(in, now);
    const int ahead = sequence_distance(in.sequence, in_highest_);
    const auto index = static_cast<std::int64_t>(in_highest_index_) + ahead;
    if (index < 0 || used_.check(static_cast<std::uint64_t>(index)) != ReplayWindow::Verdict::New) return std::nullopt;
    if (ahead > 0) {
        in_highest_ = in.sequence;
        in_highest_index_ = static_cast<std::uint64_t>(index);
        if (content == Content::Audio) {
            in_timestamp_ = in.timestamp;
            in_at_ = now;
        }
    }
    const Marker marker = in.marker ? Marker::Set : Marker::Clear;
    return emit(static_cast<std::uint64_t>(index), in.timestamp + timestamp_delta_, marker, now);
}

RtpFields StreamRewriter::originate(std::uint32_t ticks, TimePoint now) {
    const bool continues = feed_ == Feed::Own && !rebase_;
    const std::uint32_t timestamp = continues ? newest_timestamp_ + ticks : run_timestamp(now);
    rebase_ = false;
    const RtpFields out = emit(next_index_, timestamp, continues ? Marker::Clear : Marker::Set, now);
    feed_ = Feed::Own;
    return out;
}

RtpFields StreamRewriter::originate_at(std::uint32_t timestamp, TimePoint now) {
    const RtpFields out = emit(next_index_, timestamp, Marker::Clear, now);
    feed_ = Feed::Own;
    rebase_ = true;  // audio after the event goes by the clock
    return out;
}

}  // namespace dp::rtp
