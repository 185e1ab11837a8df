#pragma once
/// @file /oauth/authorize: the authorization code grant for other applications (RFC 6749 section 4.1, RFC 7636). GET
/// shows who asks for what; POST, from that very page (Origin check), says allow or deny and sends the browser back with
/// a code or an error. Login is the console's session, or its login and password on the page.
///
/// PKCE with S256 always, `plain` refused; the redirect URI must be registered octet by octet, else nobody is redirected;
/// `iss` tells the application who answered (RFC 9207). A code lives 60 s, once. API thread only.

#include "api/auth/grant_table.hpp"
#include "api/auth/token_endpoint.hpp"
#include "api/console/console_login.hpp"
#include "api/http/router.hpp"

namespace dp::api {

class AuthorizeEndpoint {
public:
    /// All references outlive the endpoint; `api` is the API thread; `issuer` as configured, or empty.
    AuthorizeEndpoint(telephony::Store& store, GrantTable& grants, ConsoleLogin& login, const Clock& clock,
                      Random& random, Executor& api, std::string issuer)
        : store_(store),
          grants_(grants),
          login_(login),
          clock_(clock),
          random_(random),
          api_(api),
          issuer_(std::move(issuer)) {}

    void add_routes(Router& router);

    static constexpr std::chrono::seconds kCodeLifetime{60};

private:
    struct Asked;
    /// Who allows it, and what they may pass on.
    struct Resource {
        telephony::OrganizationId organization;
        telephony::UserId user;
        std::vector<std::string> scopes;
    };
    void show(const ApiRequest& request, Reply reply);
    void decide(const ApiRequest& request, Reply reply);
    void sign_in(const Asked& asked, const ApiRequest& request, Reply reply);
    void grant(const Asked& asked, const Resource& owner, Reply reply);
    std::optional<Resource> session_of(const ApiRequest& request) const;

    telephony::Store& store_;
    GrantTable& grants_;
    ConsoleLogin& login_;
    const Clock& clock_;
    Random& random_;
    Executor& api_;
    std::string issuer_;
};

}  // namespace dp::api
