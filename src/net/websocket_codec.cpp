#include "net/websocket_codec.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace dp::net {
namespace {

constexpr std::uint16_t kProtocolError = 1002, kBadPayload = 1007, kTooBig = 1009;
constexpr std::uint8_t kFinal = 0x80, kReserved = 0x70, kOpcode = 0x0F, kMasked = 0x80, kLength = 0x7F;

/// States of the validator: how many continuation octets follow, and the range the next one must lie in.
struct Expect {
    std::uint8_t low, high, left;
};
constexpr std::uint32_t pack(Expect e) {
    return static_cast<std::uint32_t>(e.low) << 16 | static_cast<std::uint32_t>(e.high) << 8 | e.left;
}

/// The state after a leading octet; nothing when none may lead with it (RFC 3629 section 4).
std::optional<std::uint32_t> after_lead(std::uint8_t c) {
    if (c < 0x80) return 0;
    if (c < 0xC2) return std::nullopt;
    if (c < 0xE0) return pack({0x80, 0xBF, 1});
    if (c == 0xE0) return pack({0xA0, 0xBF, 2});
    if (c == 0xED) return pack({0x80, 0x9F, 2});
    if (c < 0xF0) return pack({0x80, 0xBF, 2});
    if (c == 0xF0) return pack({0x90, 0xBF, 3});
    if (c < 0xF4) return pack({0x80, 0xBF, 3});
    if (c == 0xF4) return pack({0x80, 0x8F, 3});
    return std::nullopt;
}

bool is_ascii_word(const char* data) {
    std::uint64_t word;
    std::memcpy(&word, data, sizeof word);
    return (word & 0x8080808080808080ULL) == 0;
}

}  // namespace

bool Utf8Validator::feed(std::string_view octets) {
    for (std::size_t i = 0; i < octets.size(); ++i) {
        if (state_ == 0 && octets.size() - i >= 8 && is_ascii_word(octets.data() + i)) {
            i += 7;
            continue;
        }
        const auto c = static_cast<std::uint8_t>(octets[i]);
        if (state_ == 0) {
            const auto next = after_lead(c);
            if (!next) return false;
            state_ = *next;
            continue;
        }
        const auto low = static_cast<std::uint8_t>(state_ >> 16), high = static_cast<std::uint8_t>(state_ >> 8);
        const auto left = static_cast<std::uint8_t>(state_);
        if (c < low || c > high) return false;
        state_ = left == 1 ? 0 : pack({0x80, 0xBF, static_cast<std::uint8_t>(left - 1)});
    }
    return true;
}

bool is_utf8(std::string_view text) {
    Utf8Validator validator;
    return validator.feed(text) && validator.complete();
}

void apply_websocket_mask(char* data, std::size_t size, const WebSocketMask& mask, std::uint64_t position) {
    std::array<std::uint8_t, 8> turned;
    for (std::size_t i = 0; i < 8; ++i) turned[i] = mask[(position + i) & 3U];
    const auto word = std::bit_cast<std::uint64_t>(turned);
    std::size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        std::uint64_t block;
        std::memcpy(&block, data + i, 8);
        block ^= word;
        std::memcpy(data + i, &block, 8);
    }
    for (; i < size; ++i) data[i] = static_cast<char>(static_cast<std::uint8_t>(data[i]) ^ turned[i & 7U]);
}

std::size_t WebSocketDecoder::header_size() const {
    if (header_have_ < 2) return 2;
    const std::uint8_t length = header_[1] & kLength;
    return 2U + (length == 126 ? 2U : length == 127 ? 8U : 0U) + ((header_[1] & kMasked) != 0 ? 4U : 0U);
}

/// Takes octets until the header is complete; returns how many.
std::size_t WebSocketDecoder::take_header(std::string_view octets) {
    std::size_t taken = 0;
    while (taken < octets.size() && header_have_ < header_size())
        header_[header_have_++] = static_cast<std::uint8_t>(octets[taken++]);
    return taken;
}

/// RFC 6455 5.2, 5.4, 5.5.
std::optional<std::uint16_t> WebSocketDecoder::check_header() {
    final_ = (header_[0] & kFinal) != 0;
    opcode_ = header_[0] & kOpcode;
    const bool masked = (header_[1] & kMasked) != 0;
    std::uint64_t length = header_[1] & kLength;
    std::size_t at = 2;
    if (length >= 126) {
        const std::size_t width = length == 126 ? 2 : 8;
        length = 0;
        for (std::size_t i = 0; i < width; ++i) length = length << 8 | header_[at++];
        if (length < (width == 2 ? 126U : 65536U) || (length >> 63) != 0)
            return kProtocolError;  // shortest form, 63 bits
    }
    if ((header_[0] & kReserved) != 0 || masked != (role_ == WebSocketRole::Server)) return kProtocolError;
    if (is_control()) {
        if (opcode_ > 10 || !final_ || length > 125) return kProtocolError;
    } else {
        if (opcode_ > 2 || (opcode_ == 0) != message_kind_.has_value()) return kProtocolError;
        if (length > max_message_ - message_.size()) return kTooBig;
        if (opcode_ != 0) message_kind_ = static_cast<WebSocketOpcode>(opcode_);
    }
    mask_ = {};
    if (masked) std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(at), 4, mask_.begin());
    remaining_ = length;
    position_ = 0;
    in_payload_ = true;
    return std::nullopt;
}

std::optional<std::uint16_t> WebSocketDecoder::take_payload(std::string_view octets) {
    std::string& into = is_control() ? control_ : message_;
    const std::size_t before = into.size();
    into += octets;
    if (role_ == WebSocketRole::Server) apply_websocket_mask(into.data() + before, octets.size(), mask_, position_);
    position_ += octets.size();
    remaining_ -= octets.size();
    if (!is_control() && message_kind_ == WebSocketOpcode::Text && !utf8_.feed(std::string_view(into).substr(before)))
        return kBadPayload;
    return std::nullopt;
}

std::optional<std::uint16_t> WebSocketDecoder::finish_frame(const Sink& sink) {
    header_have_ = 0;
    in_payload_ = false;
    if (is_control()) {
        const std::string payload = std::exchange(control_, {});
        stopped_ = !sink(static_cast<WebSocketOpcode>(opcode_), payload);
        return std::nullopt;
    }
    if (!final_) return std::nullopt;
    if (message_kind_ == WebSocketOpcode::Text && !utf8_.complete()) return kBadPayload;
    const WebSocketOpcode kind = *message_kind_;
    message_kind_.reset();
    utf8_.reset();
    stopped_ = !sink(kind, message_);
    message_.clear();
    if (message_.capacity() > 4096) message_.shrink_to_fit();  // an idle connection holds little
    return std::nullopt;
}

std::optional<std::uint16_t> WebSocketDecoder::feed(std::string_view octets, const Sink& sink) {
    while (!stopped_ && (!octets.empty() || (in_payload_ && remaining_ == 0))) {
        std::optional<std::uint16_t> violation;
        if (!in_payload_) {
            octets.remove_prefix(take_header(octets));
            if (header_have_ < header_size()) return std::nullopt;
            violation = check_header();
        } else if (remaining_ > 0) {
            const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, octets.size()));
            violation = take_payload(octets.substr(0, size));
            octets.remove_prefix(size);
        } else {
            violation = finish_frame(sink);
        }
        if (violation) {
            stopped_ = true;
            return violation;
        }
    }
    return std::nullopt;
}

std::string encode_websocket_frame(WebSocketOpcode opcode, std::string_view payload,
                                   std::optional<WebSocketMask> mask) {
    std::string out;
    out.reserve(payload.size() + 14);
    const std::uint8_t masked = mask ? kMasked : 0;
    const auto put = [&out](std::uint64_t octet) { out += static_cast<char>(octet & 0xFFU); };
    put(kFinal | static_cast<std::uint8_t>(opcode));
    if (payload.size() < 126) {
        put(masked | payload.size());
    } else {
        const unsigned width = payload.size() <= 0xFFFF ? 2 : 8;
        put(masked | (width == 2 ? 126U : 127U));
        for (unsigned i = width; i-- > 0;) put(static_cast<std::uint64_t>(payload.size()) >> (8 * i));
    }
    if (mask)
        for (const auto octet : *mask) put(octet);
    const std::size_t body = out.size();
    out += payload;
    if (mask) apply_websocket_mask(out.data() + body, payload.size(), *mask, 0);
    return out;
}

std::string encode_websocket_close(std::uint16_t code, std::string_view reason, std::optional<WebSocketMask> mask) {
    if (code == 1005) return encode_websocket_frame(WebSocketOpcode::Close, {}, mask);
    // 125 octets with the code, cut between characters (5.5).
    reason = reason.substr(0, 123);
    while (!reason.empty() && !is_utf8(reason)) reason.remove_suffix(1);
    std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    payload += reason;
    return encode_websocket_frame(WebSocketOpcode::Close, payload, mask);
}

std::optional<WebSocketClose> parse_websocket_close(std::string_view payload) {
    if (payload.empty()) return WebSocketClose{};
    if (payload.size() == 1) return std::nullopt;
    const auto code =
        static_cast<std::uint16_t>(static_cast<std::uint8_t>(payload[0]) << 8 | static_cast<std::uint8_t>(payload[1]));
    const bool registered = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
    if ((!registered && (code < 3000 || code > 4999)) || !is_utf8(payload.substr(2))) return std::nullopt;
    return WebSocketClose{code, std::string(payload.substr(2))};
}

}  // namespace dp::net
