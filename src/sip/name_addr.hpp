#pragma once
/// @file `"Name" <uri>;param` and `uri;param` (RFC 3261 20.10, 20.20, 25.1): From, To, Contact, Route, Refer-To,
/// P-Asserted-Identity.
///
/// Lifetime: views into the header value. In the form without <> everything behind the first `;` belongs to the header
/// (RFC 3261 20: a URI with `,` `;` `?` must be bracketed; RFC 8217).

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sip/uri.hpp"

namespace dp::sip {

/// How hard to be: a request with a broken display name is refused; a response is worth reading all the same (RFC
/// 4475 3.1.2.18).
enum class Strictness : std::uint8_t { Request, Response };

class NameAddr {
public:
    NameAddr() = default;
    static Result<NameAddr> parse(std::string_view value, Strictness strictness = Strictness::Request);
    /// Empty on success, else a static sentence.
    static std::string_view parse_into(std::string_view value, Strictness strictness, NameAddr& out);

    /// As written, quotes included; see display_name().
    std::string_view raw_display() const { return {base_ + display_.begin, display_.size}; }
    /// Without quotes and backslashes; control octets dropped.
    std::string display_name() const { return unquote(raw_display()); }
    const UriView& uri() const { return uri_; }
    ParamList params() const { return ParamList({base_ + params_.begin, params_.size}); }
    std::string_view param(std::string_view name) const { return params().value(name); }
    std::string_view tag() const { return {base_ + tag_.begin, tag_.size}; }
    bool bracketed() const { return bracketed_; }
    /// The whole value as it stood in the message.
    std::string_view text() const { return {base_, size_}; }
    bool empty() const { return size_ == 0; }
    void rebase(std::ptrdiff_t by) {
        base_ += by;
        if (!uri_.empty()) uri_.rebase(by);
    }

private:
    std::string_view take_params(std::size_t start);

    const char* base_ = "";
    std::uint16_t size_ = 0;
    bool bracketed_ = false;
    Span16 display_, params_, tag_;
    UriView uri_;
};

}  // namespace dp::sip
