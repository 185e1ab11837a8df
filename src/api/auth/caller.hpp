#pragma once
/// @file Caller: who is behind a request, once authenticated, and what they may do.

#include <string>
#include <string_view>
#include <vector>

#include "telephony/ids.hpp"

namespace dp::api {

enum class CallerKind { Anonymous, Token, ConsoleSession };

struct Caller {
    CallerKind kind = CallerKind::Anonymous;
    telephony::OrganizationId organization;
    telephony::OAuthClientId client;  ///< empty for console sessions
    telephony::UserId user;           ///< subject; empty for client credentials
    std::vector<std::string> scopes;
    int requests_per_minute = 300;  ///< 0 = unlimited

    /// Who to write into audit entries.
    std::string actor() const { return user.empty() ? client.str() : user.str(); }
    /// The bucket the rate limit counts in.
    std::string bucket() const { return client.empty() ? "console/" + user.str() : client.str(); }
};

/// Any of `wanted` held? An empty `wanted` asks for nothing beyond a valid credential. A coarse scope holds its
/// read-only form
/// (`users` holds `users:readonly`).
bool holds_any(const Caller& caller, const std::vector<std::string_view>& wanted);

}  // namespace dp::api
