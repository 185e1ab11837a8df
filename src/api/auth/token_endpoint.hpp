#pragma once
/// @file POST /oauth/token: OAuth 2.0 client credentials (RFC 6749 section 4.4), the secret as HTTP Basic or in the
/// form (seed 1 and seed 3 do one each), `scope` narrowing what the client owns. A new token ends no other.
///
/// API thread only. The answer goes out when the store has the grant. Errors are RFC 6749 section 5.2 bodies; too many
/// tries are 429 with Retry-After.

#include "api/auth/grant_table.hpp"
#include "api/auth/rate_limiter.hpp"
#include "api/http/router.hpp"
#include "base/mailbox.hpp"
#include "base/random.hpp"
#include "telephony/ports/store.hpp"

namespace dp::api {

class TokenEndpoint {
public:
    /// All arguments outlive the endpoint; `api` is the API thread.
    TokenEndpoint(telephony::Store& store, GrantTable& grants, const Clock& clock, Random& random, Executor& api)
        : store_(store), grants_(grants), clock_(clock), random_(random), api_(api) {}

    void add_routes(Router& router);

private:
    struct Credentials;
    void token(ApiRequest request, Reply reply);
    void issue(const telephony::OAuthClient& client, std::vector<std::string> scopes, Reply reply);

    telephony::Store& store_;
    GrantTable& grants_;
    const Clock& clock_;
    Random& random_;
    Executor& api_;
    RateLimiter limiter_;
};

}  // namespace dp::api
