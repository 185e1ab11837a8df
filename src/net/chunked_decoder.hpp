#pragma once
/// @file ChunkedDecoder: a body in chunks (RFC 9112 section 7.1), octet by octet and strictly: no blank where none
/// belongs, no bare CR or LF, no folded trailer. Extensions and trailers are checked and dropped. Sans-I/O; holds no
/// input.
///
/// Ours instead of Beast's: that one asserts on input like "0\r\nhi\r\n…" (found by http_parser_fuzz).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dp::net {

class ChunkedDecoder {
public:
    enum class Verdict : std::uint8_t { NeedMore, Done, Malformed, TooLarge };

    explicit ChunkedDecoder(std::size_t max_body) : max_body_(max_body) {}

    /// Appends what it decodes to `body`; `taken` says how many of `octets` it used (all of them unless it ends here).
    Verdict feed(std::string_view octets, std::string& body, std::size_t& taken);

private:
    enum class State : std::uint8_t {
        SizeFirst,
        Size,
        Extension,
        SizeLf,
        Data,
        DataCr,
        DataLf,
        TrailerFirst,
        TrailerName,
        TrailerValue,
        TrailerLf,
        EndLf,
        Done
    };
    Verdict step(char c, std::size_t body_size);
    Verdict size_digit(char c);
    Verdict after_size(char c);
    Verdict go(State next) {
        state_ = next;
        return Verdict::NeedMore;
    }
    Verdict expect(char c, char wanted, State next) { return c == wanted ? go(next) : Verdict::Malformed; }

    std::size_t max_body_;
    std::uint64_t left_ = 0;       ///< of the chunk
    std::size_t line_octets_ = 0;  ///< extensions and trailers so far
    State state_ = State::SizeFirst;
};

}  // namespace dp::net
