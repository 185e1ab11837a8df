#pragma once
/// @file Webhook: a subscription that tells events to an HTTP target (seed 1, step 5). It is created whatever its
/// target is; whether an address may be reached is decided when something is delivered there.
///
/// Source: seed 1 "WebhookPayload"; Standard Webhooks (signature, secrets).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "telephony/ids.hpp"
#include "telephony/ports/secrets.hpp"

namespace dp::telephony {

/// The value is sealed: an Authorization header is as much a secret as a password.
struct WebhookHeader {
    std::string name;
    Sealed value;

    bool operator==(const WebhookHeader&) const = default;
};

struct Webhook {
    WebhookId id;
    EntityMeta meta;
    std::string name;
    std::string description;
    std::vector<std::string> event_types;  ///< empty: every event
    std::string filter;                    ///< EventFilter; empty: every event
    std::string target_uri;
    std::vector<WebhookHeader> headers;
    bool enabled = true;
    Sealed secret;           ///< `whsec_` and base64 (Standard Webhooks)
    Sealed previous_secret;  ///< signs too until `previous_until`, so that a receiver can change over
    std::optional<WallTime> previous_until;
};

inline constexpr std::size_t kMaxWebhooks = 500;  ///< per organization
inline constexpr std::size_t kMaxWebhookHeaders = 20;
inline constexpr std::size_t kMaxWebhookHeaderValue = 1024;

/// Name, event names, filter, target (http or https with a host, no user information), header names.
Result<void> validate(const Webhook& webhook);
/// A name that a subscription may set: a token (RFC 9110 5.6.2) that is not hop-by-hop, of the message's framing, or one
/// of the signature's.
bool is_custom_header(std::string_view name);
/// Values that an answer shows masked: authorization, cookies, keys, tokens, secrets, passwords.
bool is_secret_header(std::string_view name);

/// The contexts under which its secrets are sealed.
std::string secret_context(const WebhookId& webhook);
std::string header_context(const WebhookId& webhook, std::string_view header);

}  // namespace dp::telephony
