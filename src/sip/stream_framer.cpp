#include "sip/stream_framer.hpp"

#include "base/ascii.hpp"
#include "sip/line_reader.hpp"

namespace dp::sip {

void StreamFramer::feed(std::string_view bytes, TimePoint now) {
    now_ = now;
    if (failed_) return;
    if (begin_ > 0) {
        buffer_.erase(0, begin_);
        scan_ -= begin_;
        line_ -= begin_;
        if (header_end_ != 0) header_end_ -= begin_;
        begin_ = 0;
    }
    buffer_.append(bytes);
}

std::optional<FrameEvent> StreamFramer::next() {
    if (failed_) return std::nullopt;
    if (scan_ == begin_ && header_end_ == 0)
        if (auto event = skip_newlines()) return event;
    if (begin_ == buffer_.size()) return std::nullopt;
    if (deadline_ == kNever) deadline_ = now_ + kPartialLimit;
    if (header_end_ == 0 && !find_header_end()) {
        if (buffered() > limits::kHeaderSection) return fail_with(513, "header section too large");
        return std::nullopt;
    }
    if (total_ == 0)
        if (auto event = measure()) return event;
    if (buffered() < total_) return std::nullopt;
    return take_message();
}

// RFC 3261 7.5: line ends between messages are skipped; RFC 5626 3.5.1: two of them are a ping.
std::optional<FrameEvent> StreamFramer::skip_newlines() {
    while (begin_ < buffer_.size()) {
        const char c = buffer_[begin_];
        if (c != '\r' && c != '\n') {
            pairs_ = 0;
            after_cr_ = last_pair_was_pong_ = false;
            return std::nullopt;
        }
        start_message_at(begin_ + 1);
        const bool pair = c == '\n' && after_cr_;
        after_cr_ = c == '\r';
        if (pair)
            if (auto event = count_newline_pair()) return event;
    }
    return std::nullopt;
}

// A lone CRLF with nothing behind it answers our ping; the same CRLF may still turn out to be half of the peer's ping.
std::optional<FrameEvent> StreamFramer::count_newline_pair() {
    ++pairs_;
    const bool second = pairs_ == 2;
    const bool is_pong = ping_out_ && (second ? last_pair_was_pong_ : begin_ == buffer_.size());
    if (is_pong) {
        ping_out_ = false;
        last_pair_was_pong_ = true;
        pairs_ = 1;
        return FrameEvent{FrameEvent::Kind::Pong, 0, {}, {}};
    }
    if (!second) return std::nullopt;
    pairs_ = 0;
    last_pair_was_pong_ = false;
    return FrameEvent{FrameEvent::Kind::Ping, 0, {}, {}};
}

bool StreamFramer::find_header_end() {
    for (;;) {
        const std::size_t newline = buffer_.find('\n', scan_);
        if (newline == std::string::npos) {
            scan_ = buffer_.size();
            return false;
        }
        const std::size_t size = newline - line_;
        scan_ = newline + 1;
        if (size == 0 || (size == 1 && buffer_[line_] == '\r')) break;
        line_ = scan_;
    }
    header_end_ = scan_;
    return true;
}

// Reads the header lines as Parser will read them and settles the size of the message.
std::optional<FrameEvent> StreamFramer::measure() {
    if (header_end_ - begin_ > limits::kHeaderSection) return fail_with(513, "header section too large");
    const std::span<char> section(buffer_.data() + begin_, header_end_ - begin_);
    std::optional<std::uint32_t> length;
    std::size_t seen = 0;
    Line line = read_line({section.data(), section.size()}, 0);
    for (line = read_folded_line(section, line.next); !line.empty(); line = read_folded_line(section, line.next)) {
        HeaderField field;
        const bool fine = split_header({section.data() + line.begin, line.end - line.begin}, field);
        if (!fine || field.id != HeaderId::ContentLength) continue;
        ++seen;
        length = ascii::parse_decimal<std::uint32_t>(field.value);
    }
    if (seen == 0) return fail_with(400, "no Content-Length");
    if (seen > 1) return fail_with(400, "repeated Content-Length");
    if (!length) return fail_with(400, "malformed Content-Length");
    const std::size_t total = section.size() + *length;
    if (total > limits::kStreamMessage) return fail_with(513, "message too large");
    total_ = total;
    return std::nullopt;
}

FrameEvent StreamFramer::take_message() {
    const FrameEvent event{FrameEvent::Kind::Message, 0, {}, {buffer_.data() + begin_, total_}};
    start_message_at(begin_ + total_);
    deadline_ = kNever;
    return event;
}

void StreamFramer::start_message_at(std::size_t begin) {
    begin_ = scan_ = line_ = begin;
    header_end_ = total_ = 0;
}

FrameEvent StreamFramer::fail_with(std::uint16_t status, std::string_view reason) {
    failed_ = true;
    deadline_ = kNever;
    const std::size_t end = header_end_ != 0 ? header_end_ : buffer_.size();
    return {FrameEvent::Kind::Error, status, reason, {buffer_.data() + begin_, end - begin_}};
}

FrameEvent frame_websocket(std::span<char> message) {
    const std::string_view text(message.data(), message.size());
    if (text == "\r\n\r\n") return {FrameEvent::Kind::Ping, 0, {}, {}};
    if (text == "\r\n") return {FrameEvent::Kind::Pong, 0, {}, {}};
    if (text.size() > limits::kStreamMessage) return {FrameEvent::Kind::Error, 513, "message too large", message};
    return {FrameEvent::Kind::Message, 0, {}, message};
}

}  // namespace dp::sip
