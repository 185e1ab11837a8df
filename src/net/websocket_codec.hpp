#pragma once
/// @file WebSocket frames (RFC 6455 section 5): an incremental decoder that joins fragments and refuses everything the
/// RFC forbids, and an encoder. Sans-I/O; no extension, so all reserved bits are violations.
///
/// Threads: one owner. Errors: a violation is the close code to send (section 7.4.1); the decoder takes nothing after
/// it.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace dp::net {

enum class WebSocketRole : std::uint8_t { Server, Client };

enum class WebSocketOpcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

/// Follows UTF-8 over any cut of the input (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
class Utf8Validator {
public:
    /// False at the first octet that no valid text can have there.
    bool feed(std::string_view octets);
    bool complete() const { return state_ == 0; }
    void reset() { state_ = 0; }

private:
    std::uint32_t state_ = 0;
};
bool is_utf8(std::string_view text);

class WebSocketDecoder {
public:
    /// A whole message, or a control frame. `payload` is valid during the call. False stops decoding (the user is
    /// closing).
    using Sink = std::function<bool(WebSocketOpcode opcode, std::string_view payload)>;

    /// `role` is ours: a server demands masked frames, a client refuses them (5.1).
    WebSocketDecoder(WebSocketRole role, std::size_t max_message) : role_(role), max_message_(max_message) {}

    /// Consumes all of `octets`. Nothing, or the code of the violation.
    std::optional<std::uint16_t> feed(std::string_view octets, const Sink& sink);

private:
    std::size_t take_header(std::string_view octets);
    std::size_t header_size() const;
    std::optional<std::uint16_t> check_header();
    std::optional<std::uint16_t> take_payload(std::string_view octets);
    std::optional<std::uint16_t> finish_frame(const Sink& sink);
    bool is_control() const { return (opcode_ & 8U) != 0; }

    WebSocketRole role_;
    std::size_t max_message_;
    std::array<std::uint8_t, 14> header_{};
    std::size_t header_have_ = 0;
    bool in_payload_ = false;
    bool stopped_ = false;
    std::uint8_t opcode_ = 0;
    bool final_ = false;
    std::array<std::uint8_t, 4> mask_{};
    std::uint64_t remaining_ = 0;
    std::uint64_t position_ = 0;
    std::optional<WebSocketOpcode> message_kind_;  ///< of the message being joined
    Utf8Validator utf8_;
    std::string message_;
    std::string control_;
};

using WebSocketMask = std::array<std::uint8_t, 4>;

/// One final frame. Clients give a mask, servers none.
std::string encode_websocket_frame(WebSocketOpcode opcode, std::string_view payload,
                                   std::optional<WebSocketMask> mask = std::nullopt);
std::string encode_websocket_close(std::uint16_t code, std::string_view reason,
                                   std::optional<WebSocketMask> mask = std::nullopt);

struct WebSocketClose {
    std::uint16_t code = 1005;
    std::string reason;
};
/// The payload of a received close frame (5.5.1, 7.4); nothing when it breaks the rules.
std::optional<WebSocketClose> parse_websocket_close(std::string_view payload);

/// XOR with the mask, beginning at `position` of the payload (5.3), eight octets at a time.
void apply_websocket_mask(char* data, std::size_t size, const WebSocketMask& mask, std::uint64_t position);

}  // namespace dp::net
