#pragma once
/// @file SIP, SIPS and tel URIs (RFC 3261 19.1, RFC 3966): UriView reads one in place, Uri owns and builds one.
///
/// Lifetime: a UriView points into the text it was parsed from. Errors: parsing returns an error and never throws; any
/// scheme with legal syntax is accepted as `Other` (whoever acts on the URI answers 416). Nothing is unescaped before
/// use, so a view always writes back what was read.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sip/grammar.hpp"

namespace dp::sip {

enum class UriScheme : std::uint8_t { Sip, Sips, Tel, Other };

/// Begin and size inside a text of at most 64 KiB.
struct Span16 {
    std::uint16_t begin = 0;
    std::uint16_t size = 0;
};

class UriView {
public:
    UriView() = default;
    static Result<UriView> parse(std::string_view text);
    /// The same without an Error object: empty on success, else a static sentence. For the message reader.
    static std::string_view parse_into(std::string_view text, UriView& out);

    UriScheme scheme() const { return scheme_; }
    bool is_sip() const { return scheme_ == UriScheme::Sip || scheme_ == UriScheme::Sips; }
    std::string_view scheme_text() const { return part(scheme_text_); }
    /// As written, escapes included. For tel: the number with its visual separators.
    std::string_view user() const { return part(user_); }
    std::string_view password() const { return part(password_); }
    /// Without brackets; an IPv6 address is recognised by `host_is_v6`.
    std::string_view host() const { return part(host_); }
    bool host_is_v6() const { return host_is_v6_; }
    std::optional<std::uint16_t> port() const { return port_ ? std::optional(port_) : std::nullopt; }
    ParamList params() const { return ParamList(part(params_), ParamList::Names::Escaped); }
    /// Behind `?`, without it.
    std::string_view headers() const { return part(headers_); }
    /// For scheme Other: everything behind the colon.
    std::string_view opaque() const { return part(opaque_); }
    std::string_view text() const { return {base_, size_}; }
    bool empty() const { return size_ == 0; }

    /// Value of `;transport=`, empty when absent.
    std::string_view transport() const { return params().value("transport"); }
    bool has_lr() const { return params().has("lr"); }
    /// User without escapes; visual separators removed for tel and user=phone.
    std::string user_unescaped() const;

    /// RFC 3261 19.1.4; tel by RFC 3966 4.
    friend bool equivalent(const UriView& a, const UriView& b);
    /// Moves the view to a copy of its text.
    void rebase(std::ptrdiff_t by) { base_ += by; }

private:
    std::string_view part(Span16 s) const { return {base_ + s.begin, s.size}; }
    std::string_view parse_sip(std::size_t start);
    std::string_view parse_userinfo(std::size_t start, std::size_t at);
    std::string_view parse_hostport(std::size_t& pos);
    std::string_view parse_tail(std::size_t pos);
    std::string_view parse_tel(std::size_t start);
    std::string_view parse_opaque(std::size_t start);

    const char* base_ = "";
    std::uint16_t size_ = 0;
    std::uint16_t port_ = 0;
    UriScheme scheme_ = UriScheme::Other;
    bool host_is_v6_ = false;
    Span16 scheme_text_, user_, password_, host_, params_, headers_, opaque_;
};

bool equivalent(const UriView& a, const UriView& b);

/// The key under which bindings of an address-of-record live: scheme sip, user unescaped, host in lower case, no port
/// and no parameters (RFC 3261 10.3 step 5). Fails on a NUL or other control octet, which no account name contains.
Result<std::string> address_of_record(const UriView& uri);

/// An owned URI: its text and a view of it. Copies are deep.
class Uri {
public:
    Uri() = default;
    Uri(const Uri& other) : Uri(other.view_) {}
    Uri(Uri&& other) noexcept { *this = std::move(other); }
    Uri& operator=(const Uri& other) { return *this = Uri(other); }
    Uri& operator=(Uri&& other) noexcept;
    explicit Uri(const UriView& view);
    static Result<Uri> parse(std::string_view text);

    const UriView& view() const { return view_; }
    const std::string& str() const { return text_; }
    bool empty() const { return text_.empty(); }
    friend bool operator==(const Uri& a, const Uri& b) { return a.text_ == b.text_; }

private:
    std::string text_;
    UriView view_;
};

/// Writes a URI part by part; escapes what the grammar wants escaped, so no part can break out of its place.
class UriBuilder {
public:
    explicit UriBuilder(UriScheme scheme = UriScheme::Sip) : scheme_(scheme) {}
    UriBuilder& user(std::string_view plain);
    /// Name or address; IPv6 with or without brackets.
    UriBuilder& host(std::string_view host);
    UriBuilder& port(std::uint16_t port);  ///< 0: none
    UriBuilder& param(std::string_view name);
    UriBuilder& param(std::string_view name, std::string_view plain_value);
    /// `?name=value`, escaped (Replaces in a Refer-To).
    UriBuilder& header(std::string_view name, std::string_view plain_value);
    std::string str() const;
    /// Fails when a part was outside the grammar (a host with a space, say).
    Result<Uri> build() const;

private:
    UriScheme scheme_;
    std::string user_, host_, tail_, headers_;
    std::uint16_t port_ = 0;
};

}  // namespace dp::sip
