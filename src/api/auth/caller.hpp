#pragma once
/// @file Caller: who is behind a request, once authenticated, and what they may do. Scopes say what the credential was
/// issued for, permissions what its holder's roles allow; a route may ask for both.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "telephony/identity/role.hpp"
#include "telephony/ids.hpp"

namespace dp::api {

enum class CallerKind { Anonymous, Token, ConsoleSession, ApiKey };

struct Caller {
    CallerKind kind = CallerKind::Anonymous;
    telephony::OrganizationId organization;
    telephony::OAuthClientId client;  ///< empty for console sessions and API keys
    telephony::ApiKeyId api_key;
    telephony::UserId user;  ///< subject; empty for client credentials and API keys
    std::vector<std::string> scopes;
    std::vector<telephony::Ptr<telephony::Role>> roles;
    std::vector<std::string> permissions;  ///< granted beside the roles
    std::string grant;                     ///< SHA-256 of the token; empty for API keys
    int requests_per_minute = 300;         ///< 0 = unlimited
    int calls_per_minute = 120;            ///< 0 = unlimited

    /// By role or directly: `telephony:phoneNumber:useAsCallerId`.
    bool may(std::string_view permission) const;
    /// A user's credential acts for that user only (seed 3: JWT bearer tokens, public clients); an application's for
    /// everybody in its organization.
    bool may_act_for(const telephony::UserId& other) const { return user.empty() || user == other; }

    /// Who to write into audit entries.
    std::string actor() const { return !user.empty() ? user.str() : client.empty() ? api_key.str() : client.str(); }
    /// The bucket the rate limit counts in.
    std::string bucket() const {
        if (!api_key.empty()) return "key/" + api_key.str();
        return client.empty() ? "console/" + user.str() : client.str();
    }
};

/// Resolved once and shared by all requests under one credential, as long as the configuration stands.
using CallerPtr = std::shared_ptr<const Caller>;

/// Any of `wanted` held? An empty `wanted` asks for nothing beyond a valid credential. A coarse scope holds its
/// read-only form
/// (`users` holds `users:readonly`).
bool holds_any(const Caller& caller, const std::vector<std::string_view>& wanted);

/// Any of these permissions? None wanted: yes.
bool may_any(const Caller& caller, const std::vector<std::string>& wanted);

}  // namespace dp::api
