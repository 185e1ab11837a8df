#pragma once
/// @file The console's login: POST /login {user, password} sets a server-side session in a `__Host-` cookie; POST
/// /logout ends it. The page never holds a token (web console, "Login, CSRF, WebSocket").
///
/// API thread; the password hash (30 ms of Argon2id) is checked on a thread of its own. Tries are limited per source
/// and per login.

#include "api/auth/grant_table.hpp"
#include "api/auth/rate_limiter.hpp"
#include "api/http/router.hpp"
#include "base/mailbox.hpp"
#include "base/random.hpp"
#include "telephony/ports/store.hpp"

namespace dp::api {

class ConsoleLogin {
public:
    /// `hashing` runs password checks; `api` is the API thread. All arguments outlive the object.
    ConsoleLogin(telephony::Store& store, GrantTable& grants, const Clock& clock, Random& random, Executor& api,
                 Executor& hashing)
        : store_(store), grants_(grants), clock_(clock), random_(random), api_(api), hashing_(hashing) {}

    void add_routes(Router& router);

    using Verdict = std::move_only_function<void(Result<telephony::ConsoleCredential>)>;
    /// Whose login this is, if the password is right. TooManyRequests: `field` is the Retry-After.
    void check(const std::string& user, std::string password, const ApiRequest& request, Verdict then);

private:
    void login(const ApiRequest& request, Reply reply);
    void open_session(const telephony::ConsoleCredential& credential, Reply reply);
    void logout(const ApiRequest& request, Reply reply);

    telephony::Store& store_;
    GrantTable& grants_;
    const Clock& clock_;
    Random& random_;
    Executor& api_;
    Executor& hashing_;
    RateLimiter limiter_;
};

}  // namespace dp::api
