#pragma once
/// @file One Via value (RFC 3261 20.42, RFC 3581 `rport`), read in place.
///
/// Lifetime: a view into the header value. Tolerated: spaces around `/` and `:`, unknown transports, `received=` with
/// brackets (RFC 5118 4.5).

#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "sip/flow.hpp"
#include "sip/uri.hpp"

namespace dp::sip {

inline constexpr std::string_view kBranchCookie = "z9hG4bK";

class Via {
public:
    Via() = default;
    static Result<Via> parse(std::string_view value);
    static std::string_view parse_into(std::string_view value, Via& out);

    std::string_view transport_text() const { return part(transport_); }
    /// Nothing for SCTP and other transports we do not speak.
    std::optional<TransportKind> transport() const;
    std::string_view host() const { return part(host_); }  ///< without brackets
    bool host_is_v6() const { return host_is_v6_; }
    std::optional<std::uint16_t> port() const { return port_ ? std::optional(port_) : std::nullopt; }
    std::string_view branch() const { return part(branch_); }
    /// Branch that is unique by RFC 3261 17.2.3: the cookie and at least one octet more.
    bool has_3261_branch() const;
    bool wants_rport() const;  ///< `rport` without a value
    ParamList params() const { return ParamList(part(params_)); }
    std::string_view received() const;  ///< without brackets
    std::string_view text() const { return {base_, size_}; }
    /// sent-by equality of RFC 3261 18.1.2 and 17.2.3: host without case, port with the transport's default.
    bool same_sent_by(const Via& other) const;
    bool same_sent_by(std::string_view host, std::uint16_t port) const;
    void rebase(std::ptrdiff_t by) { base_ += by; }

private:
    std::string_view part(Span16 s) const { return {base_ + s.begin, s.size}; }
    std::string_view parse_protocol(std::size_t& pos);
    std::string_view parse_sent_by(std::size_t& pos);

    const char* base_ = "";
    std::uint16_t size_ = 0;
    std::uint16_t port_ = 0;
    bool host_is_v6_ = false;
    bool other_version_ = false;
    Span16 transport_, host_, params_, branch_;
};

}  // namespace dp::sip
