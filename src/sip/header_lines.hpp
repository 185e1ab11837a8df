#pragma once
/// @file HeaderLines: further header fields for an outgoing message, serialised as they are added. CR, LF, NUL and
/// other control octets cannot get in, so no value that comes from an API or from another leg can start a new header
/// line.

#include <string>
#include <string_view>

namespace dp::sip {

class HeaderLines {
public:
    HeaderLines() = default;
    /// For fixed texts; same checks.
    HeaderLines(std::string_view name, std::string_view value) { (void)add(name, value); }

    /// False, and nothing is added, when the name is no token or the value holds a control octet other than HTAB.
    bool add(std::string_view name, std::string_view value);
    /// `Name: value\r\n` per header.
    std::string_view text() const { return text_; }
    bool empty() const { return text_.empty(); }

private:
    std::string text_;
};

}  // namespace dp::sip
