#pragma once
/// @file Who may speak to the API: OAuth clients, API keys, console passwords, and the grants (tokens, sessions, codes)
/// they obtained.
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

/// Signature algorithms of client assertions. No other is ever tried, whatever a token's header says.
enum class KeyAlgorithm : std::uint8_t { Rs256, Es256, EdDsa };

/// A public key (RFC 7517) that a client signs its assertions with; base64url without padding, as in the JWK.
struct ClientKey {
    std::string kid;
    KeyAlgorithm algorithm = KeyAlgorithm::Rs256;
    std::string first;   ///< RSA modulus `n`; `x` of the curves
    std::string second;  ///< RSA exponent `e`; `y` of P-256; empty for Ed25519
};

/// What a limit of -1 says in the entities below: no limit.
inline constexpr std::int32_t kUnlimited = -1;

struct OAuthClient {
    OAuthClientId id;
    EntityMeta meta;
    std::string name;
    std::string description;
    std::string secret_sha256;  ///< 64 lower-case hex digits; empty for a public client
    std::vector<GrantType> grants;
    std::vector<std::string> scopes;
    std::vector<RoleId> roles;               ///< of its client-credentials tokens
    std::vector<std::string> redirect_uris;  ///< compared octet by octet
    std::vector<ClientKey> keys;
    std::int32_t requests_per_minute = 0;  ///< 0: as the server is configured (`rate-limit`)
    std::int32_t calls_per_minute = 0;     ///< calls placed; 0: two fifths of the request limit
    std::chrono::seconds token_lifetime{86'400};
    bool enabled = true;

    bool is_public() const { return secret_sha256.empty(); }
};

/// How much of an API key is shown.
inline constexpr std::size_t kKeyPrefix = 11;

/// `X-API-Key` of the telephony-configs family.
struct ApiKey {
    ApiKeyId id;
    EntityMeta meta;
    std::string name;
    std::string key_sha256;
    std::string prefix;  ///< the first characters of the key, to recognise it by
    std::vector<std::string> scopes;
    std::vector<RoleId> roles;
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
    std::vector<RoleId> roles;  ///< beside the user's own
};

/// Assertion: a JWT already taken, by client and `jti`, so that it is taken once.
enum class GrantKind : std::uint8_t { AccessToken, RefreshToken, ConsoleSession, AuthorizationCode, Assertion };

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
    std::string family;        ///< the authorization it descends from: what is revoked together
    bool spent = false;        ///< a used code or rotated refresh token, kept so that a second use is noticed
    std::string redirect_uri;  ///< AuthorizationCode: where it was sent
    std::string challenge;     ///< AuthorizationCode: PKCE, S256
};

/// SHA-256 in lower-case hex: how secrets, keys and tokens are looked up.
std::string secret_digest(std::string_view secret);

}  // namespace dp::telephony
