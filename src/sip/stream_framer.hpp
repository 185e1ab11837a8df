#pragma once
/// @file StreamFramer: where one SIP message ends and the next begins on TCP and TLS (RFC 3261 18.3, 7.5; RFC
/// 5626 3.5.1 pings), and the rule for a WebSocket message (RFC 7118 4.2, 5.4).
///
/// The stream is given up at the first sign that two readers could disagree about a boundary: no, wrong or repeated
/// Content-Length. The search for the empty line resumes where it stopped, so a sender of single octets costs linear
/// time.
///
/// Threads: owned by the connection's I/O thread. Memory: one buffer, at most limits::kStreamMessage and one read more.
/// Time: handed in; `deadline` says when a partial message has been waiting too long.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "sip/limits.hpp"

namespace dp::sip {

struct FrameEvent {
    enum class Kind : std::uint8_t {
        Message,  ///< `bytes` is one whole message
        Ping,     ///< CRLFCRLF: answer CRLF
        Pong,     ///< a single CRLF while a ping of ours is out (RFC 5626 4.4.1)
        Error,    ///< hand `bytes` (header section, may be partial) to a stateless answer of `status`, then close
    };
    Kind kind = Kind::Message;
    std::uint16_t status = 0;
    std::string_view reason;  ///< static text, for Error
    std::span<char> bytes;    ///< valid until the next call of feed
};

class StreamFramer {
public:
    static constexpr std::chrono::seconds kPartialLimit{20};

    /// Appends what was read. Call `next` until it returns nothing before feeding again.
    void feed(std::string_view bytes, TimePoint now);
    std::optional<FrameEvent> next();
    /// A CRLFCRLF went out: the next lone CRLF is its answer.
    void ping_sent() { ping_out_ = true; }
    /// When the connection must be closed because a message stays incomplete; kNever between messages.
    TimePoint deadline() const { return deadline_; }
    bool failed() const { return failed_; }
    std::size_t buffered() const { return buffer_.size() - begin_; }

private:
    std::optional<FrameEvent> skip_newlines();
    std::optional<FrameEvent> count_newline_pair();
    bool find_header_end();
    std::optional<FrameEvent> measure();
    FrameEvent take_message();
    FrameEvent fail_with(std::uint16_t status, std::string_view reason);
    void start_message_at(std::size_t begin);

    std::string buffer_;
    std::size_t begin_ = 0;       ///< first octet not yet handed out
    std::size_t scan_ = 0;        ///< where the search for the empty line goes on
    std::size_t line_ = 0;        ///< begin of the line the search is in
    std::size_t header_end_ = 0;  ///< 0: not found yet
    std::size_t total_ = 0;       ///< size of the message; 0: not known yet
    unsigned pairs_ = 0;          ///< CRLFs in a row at the boundary
    bool after_cr_ = false;
    bool last_pair_was_pong_ = false;
    bool ping_out_ = false;
    bool failed_ = false;
    TimePoint now_{};
    TimePoint deadline_ = kNever;
};

/// What one WebSocket data message is: one SIP message, or a CRLFCRLF or CRLF keep-alive.
FrameEvent frame_websocket(std::span<char> message);

}  // namespace dp::sip
