#pragma once
/// @file Authenticator: from the credentials of a request to its Caller. Bearer tokens (RFC 6750), the console's session
/// cookie (web console, same origin) and, where a route takes them, API keys; two kinds at once are a 400.
///
/// API thread only. Cookie-authenticated unsafe requests must come from our own origin with JSON and the console's
/// header: SameSite does not protect against another port of the same host.

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/auth/caller.hpp"
#include "api/auth/grant_table.hpp"
#include "api/http/router.hpp"
#include "base/result.hpp"
#include "net/http_message.hpp"
#include "telephony/config/snapshot.hpp"

namespace dp::api {

/// `__Host-` binds the cookie to this host, `/` and a secure (or loopback) origin.
inline constexpr std::string_view kSessionCookie = "__Host-dialplane";

/// The value of a cookie in the request, empty when absent.
std::string_view cookie_of(const net::HttpRequest& request, std::string_view name);

/// Is the Origin header ours? Ours is scheme and Host of the request itself.
bool is_same_origin(const net::HttpRequest& request);

class Authenticator {
public:
    /// `requests_per_minute` holds for whoever has no limit of their own; 0 = unlimited.
    explicit Authenticator(const GrantTable& grants, int requests_per_minute = 300)
        : grants_(grants), requests_per_minute_(requests_per_minute) {}

    /// Anonymous when the request carries no credentials. Unauthenticated: unknown or expired. Forbidden: a forged
    /// console request. InvalidValue: two kinds of credentials.
    Result<CallerPtr> authenticate(const net::HttpRequest& request, Credentials accepted,
                                   const telephony::Snapshot& snapshot, WallTime now) const;

    /// The same caller as they stand now, for what outlives its request: roles anew. Unauthenticated when the
    /// credential, its client, user or login has ended since.
    Result<Caller> renewed(const Caller& caller, const telephony::Snapshot& snapshot, WallTime now) const;

    int requests_per_minute() const { return requests_per_minute_; }

private:
    Result<CallerPtr> caller_of(std::string_view secret, telephony::GrantKind kind, const telephony::Snapshot& snapshot,
                                WallTime now) const;
    Result<Caller> caller_with(const telephony::AccessGrant& grant, const telephony::Snapshot& snapshot) const;
    Result<void> take_client(Caller& caller, const telephony::Snapshot& snapshot) const;
    Result<Caller> caller_of_key(std::string_view key, const telephony::Snapshot& snapshot) const;
    void set_limits(Caller& caller, std::int32_t requests, std::int32_t calls) const;

    const GrantTable& grants_;
    int requests_per_minute_;
    /// Who stands behind a grant, by its digest, as `known_revision_` of the configuration has it. Asked only once the
    /// grant has been found valid.
    mutable std::unordered_map<std::string, CallerPtr> known_;
    mutable std::uint64_t known_revision_ = 0;
};

}  // namespace dp::api
