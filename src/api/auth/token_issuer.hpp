#pragma once
/// @file TokenIssuer: makes access and refresh tokens durable and answers with them (RFC 6749 section 5.1); takes a whole
/// authorization back when one of its codes or refresh tokens is used twice (RFC 9700 sections 4.13, 4.14).
///
/// API thread only. The answer goes out when the store has the grants; only their digests are kept.

#include <string>
#include <vector>

#include "api/auth/grant_table.hpp"
#include "api/http/reply.hpp"
#include "base/mailbox.hpp"
#include "base/random.hpp"
#include "telephony/ports/store.hpp"

namespace dp::api {

struct TokenOrder {
    telephony::Ptr<telephony::OAuthClient> client;
    telephony::UserId user;  ///< empty: the application itself
    std::vector<std::string> scopes;
    std::string family;  ///< empty: a token on its own
    bool with_refresh = false;
    /// Stored in the same unit: the spent code or refresh token, the assertion that was taken.
    std::vector<telephony::AccessGrant> beside;
};

class TokenIssuer {
public:
    /// All arguments outlive the object; `api` is the API thread.
    TokenIssuer(telephony::Store& store, GrantTable& grants, const Clock& clock, Random& random, Executor& api)
        : store_(store), grants_(grants), clock_(clock), random_(random), api_(api) {}

    void issue(TokenOrder order, Reply reply);
    /// Ends every token of the family at once; `done` runs when the store has it too.
    void revoke_family(const std::string& family, std::move_only_function<void(Result<void>)> done);
    void revoke(const std::string& token_sha256, std::move_only_function<void(Result<void>)> done);

    /// Refresh tokens live this long after their last use.
    static constexpr std::chrono::hours kRefreshLifetime{30 * 24};

private:
    void withdraw(const std::vector<telephony::AccessGrant>& grants, Reply reply);
    void forget(std::vector<std::string> digests, std::move_only_function<void(Result<void>)> done);

    telephony::Store& store_;
    GrantTable& grants_;
    const Clock& clock_;
    Random& random_;
    Executor& api_;
};

}  // namespace dp::api
