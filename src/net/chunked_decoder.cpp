#include "net/chunked_decoder.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace dp::net {
namespace {

constexpr std::size_t kMaxLines = 8 * 1024;  ///< octets of extensions and trailers in one body

constexpr bool is_text(char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

/// RFC 9110 5.6.2.
bool is_token(char c) {
    return ascii::is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::uint64_t hex_digit(char c) {
    if (ascii::is_digit(c)) return static_cast<std::uint64_t>(c - '0');
    return static_cast<std::uint64_t>(ascii::to_lower(c) - 'a' + 10);
}

}  // namespace

ChunkedDecoder::Verdict ChunkedDecoder::feed(std::string_view octets, std::string& body, std::size_t& taken) {
    taken = 0;
    while (taken < octets.size()) {
        if (state_ == State::Data) {
            const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, octets.size() - taken));
            body += octets.substr(taken, size);
            taken += size;
            left_ -= size;
            if (left_ == 0) state_ = State::DataCr;
            continue;
        }
        const Verdict verdict = step(octets[taken++], body.size());
        if (verdict != Verdict::NeedMore) return verdict;
    }
    return Verdict::NeedMore;
}

ChunkedDecoder::Verdict ChunkedDecoder::size_digit(char c) {
    if (left_ >> 60 != 0) return Verdict::Malformed;  // more than 64 bits
    left_ = left_ << 4 | hex_digit(c);
    return go(State::Size);
}

/// What ends a size: CR, or an extension.
ChunkedDecoder::Verdict ChunkedDecoder::after_size(char c) {
    if (c == ';') return go(State::Extension);
    return expect(c, '\r', State::SizeLf);
}

ChunkedDecoder::Verdict ChunkedDecoder::step(char c, std::size_t body_size) {
    switch (state_) {
        case State::SizeFirst:
            return ascii::is_hex(c) ? size_digit(c) : Verdict::Malformed;
        case State::Size:
            return ascii::is_hex(c) ? size_digit(c) : after_size(c);
        case State::Extension:
            if (++line_octets_ > kMaxLines) return Verdict::TooLarge;
            if (c == '\r') return go(State::SizeLf);
            return is_text(c) ? Verdict::NeedMore : Verdict::Malformed;
        case State::SizeLf:
            if (left_ > max_body_ - std::min(body_size, max_body_)) return Verdict::TooLarge;
            return expect(c, '\n', left_ == 0 ? State::TrailerFirst : State::Data);
        case State::Data:
            break;  // not octet by octet
        case State::DataCr:
            return expect(c, '\r', State::DataLf);
        case State::DataLf:
            return expect(c, '\n', State::SizeFirst);
        case State::TrailerFirst:
            if (c == '\r') return go(State::EndLf);
            return is_token(c) ? go(State::TrailerName) : Verdict::Malformed;
        case State::TrailerName:
            if (++line_octets_ > kMaxLines) return Verdict::TooLarge;
            if (c == ':') return go(State::TrailerValue);
            return is_token(c) ? Verdict::NeedMore : Verdict::Malformed;
        case State::TrailerValue:
            if (++line_octets_ > kMaxLines) return Verdict::TooLarge;
            if (c == '\r') return go(State::TrailerLf);
            return is_text(c) ? Verdict::NeedMore : Verdict::Malformed;
        case State::TrailerLf:
            return expect(c, '\n', State::TrailerFirst);
        case State::EndLf:
            state_ = State::Done;
            return c == '\n' ? Verdict::Done : Verdict::Malformed;
        case State::Done:
            break;
    }
    return Verdict::Malformed;
}

}  // namespace dp::net
