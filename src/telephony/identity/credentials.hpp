#pragma once
/// @file Who may speak to the API: OAuth clients, API keys, console passwords, and the grants (tokens, sessions) they
/// obtained.
///
/// No secret is stored: client secrets, keys and tokens as SHA-256 (43 random characters each, product.md "Client
/// secrets"), people's passwords as Argon2id.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "telephony/ids.hpp"

namespace dp::telephony {

enum class GrantType : std::uint8_t { ClientCredentials, JwtBearer, AuthorizationCode, RefreshToken };

struct OAuthClient {
    OAuthClientId id;
    EntityMeta meta;
    std::string name;
    std::string secret_sha256;  ///< 64 lower-case hex digits; empty for a public client
    std::vector<GrantType> grants;
    std::vector<std::string> scopes;
    std::int32_t requests_per_minute = 0;  ///< 0: as the server is configured (`rate-limit`)
    std::chrono::seconds token_lifetime{86'400};
    bool enabled = true;
};

/// `X-API-Key` of the telephony-configs family.
struct ApiKey {
    ApiKeyId id;
    EntityMeta meta;
    std::string name;
    std::string key_sha256;
    std::vector<std::string> scopes;
    std::int32_t requests_per_minute = 0;  ///< as above
    bool enabled = true;
};

/// A person's login to the console.
struct ConsoleCredential {
    ConsoleCredentialId id;
    EntityMeta meta;
    std::string login;
    std::string password_argon2id;
    UserId user;  ///< empty: an administrator without a phone of their own
    std::vector<std::string> scopes;
};

enum class GrantKind : std::uint8_t { AccessToken, RefreshToken, ConsoleSession };

/// What a bearer token or session cookie stands for. Kept by its SHA-256; not configuration, hence not in the snapshot.
struct AccessGrant {
    std::string token_sha256;
    GrantKind kind = GrantKind::AccessToken;
    OrganizationId organization;
    OAuthClientId client;  ///< empty for console sessions
    UserId user;           ///< subject; empty for client credentials
    ConsoleCredentialId console;
    std::vector<std::string> scopes;
    WallTime issued{};
    WallTime expires{};
};

/// SHA-256 in lower-case hex: how secrets, keys and tokens are looked up.
std::string secret_digest(std::string_view secret);

}  // namespace dp::telephony
