#pragma once
/// @file Lines of a header section: found at memchr speed, checked for control octets in the same pass, folded lines
/// joined. Shared by Parser and StreamFramer, so that both see the same lines (a difference would smuggle messages).
///
/// Lifetime: offsets into the caller's buffer. No allocation. Source: RFC 3261 7.3.1, 25.1.

#include <cstddef>
#include <span>
#include <string_view>

#include "sip/header.hpp"

namespace dp::sip {

struct Line {
    std::size_t begin = 0;
    std::size_t end = 0;       ///< behind the content
    std::size_t next = 0;      ///< behind the line end; kUnended when there is none
    bool has_control = false;  ///< a control octet other than HTAB, and not behind `\` in a quoted string

    static constexpr std::size_t kUnended = static_cast<std::size_t>(-1);
    bool ended() const { return next != kUnended; }
    bool empty() const { return begin == end; }
};

/// Offset of the first octet below 0x20 (HTAB excepted) or equal to 0x7F at or behind `from`; `text.size()` when there
/// is none.
std::size_t find_control(std::string_view text, std::size_t from);

/// The physical line at `pos`; LF alone ends a line, too.
Line read_line(std::string_view text, std::size_t pos);

/// The header line at `pos` with its continuation lines: white space around each fold becomes one SP, in place; what is
/// left over becomes SP in front of the line end.
Line read_folded_line(std::span<char> text, std::size_t pos);

struct HeaderField {
    HeaderId id = HeaderId::Unknown;
    std::string_view name;
    std::string_view value;
};

/// `name`, white space, `:`, value. False when the name is no token or something else stands before the colon.
bool split_header(std::string_view line, HeaderField& out);

}  // namespace dp::sip
