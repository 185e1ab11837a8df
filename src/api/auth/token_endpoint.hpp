#pragma once
/// @file POST /oauth/token and /oauth/revoke: client credentials (RFC 6749 section 4.4), JWT bearer (RFC 7523),
/// authorization code with PKCE (RFC 7636) and refresh tokens with rotation; revocation (RFC 7009). A new token ends no
/// other.
///
/// API thread only. The answer goes out when the store has the grant. Errors are RFC 6749 section 5.2 bodies; too many
/// tries are 429 with Retry-After, counted per client and address and per address alone.

#include <functional>
#include <string>
#include <vector>

#include "api/auth/grant_table.hpp"
#include "api/auth/rate_limiter.hpp"
#include "api/auth/token_issuer.hpp"
#include "api/auth/token_request.hpp"
#include "api/http/router.hpp"

namespace dp::api {

/// The names this server goes by: an assertion's `aud` must be one of them, or one with `/oauth/token` behind it.
using Issuers = std::function<std::vector<std::string>()>;

class TokenEndpoint {
public:
    /// All arguments outlive the endpoint.
    TokenEndpoint(TokenIssuer& issuer, GrantTable& grants, const Clock& clock, Random& random, Issuers issuers)
        : issuer_(issuer), grants_(grants), clock_(clock), random_(random), issuers_(std::move(issuers)) {}

    void add_routes(Router& router);

private:
    using Client = telephony::Ptr<telephony::OAuthClient>;
    void token(const ApiRequest& request, Reply reply);
    OAuthResult<TokenOrder> order_of(const ApiRequest& request, const TokenRequest& form);
    OAuthResult<TokenOrder> client_credentials(const TokenRequest& form, const Client& client) const;
    OAuthResult<TokenOrder> jwt_bearer(const TokenRequest& form, const telephony::Snapshot& snapshot);
    OAuthResult<TokenOrder> authorization_code(const TokenRequest& form, const Client& client);
    OAuthResult<TokenOrder> refresh(const TokenRequest& form, const Client& client);
    OAuthResult<const telephony::AccessGrant*> present(const std::string& secret, telephony::GrantKind kind,
                                                       const Client& client);
    bool is_ours(const std::vector<std::string>& audience) const;
    void revoke(const ApiRequest& request, Reply reply);
    Result<void> count(const std::string& bucket, int limit, Reply& reply);

    TokenIssuer& issuer_;
    GrantTable& grants_;
    const Clock& clock_;
    Random& random_;
    Issuers issuers_;
    RateLimiter limiter_;
};

}  // namespace dp::api
