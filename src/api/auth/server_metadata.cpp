#include "api/auth/server_metadata.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/auth/scopes.hpp"
#include "api/http/reply.hpp"

namespace dp::api {

namespace json = boost::json;

namespace {

json::array known_scope_names() {
    json::array out;
    for (const auto& scope : known_scopes()) out.emplace_back(scope.name);
    return out;
}

/// RFC 8414 section 2, RFC 7636, RFC 9207 section 3.
json::object metadata(const std::string& issuer) {
    const std::string base = issuer.ends_with('/') ? issuer.substr(0, issuer.size() - 1) : issuer;
    const json::array client_authentication{"client_secret_basic", "client_secret_post", "none"};
    return {{"issuer", issuer},
            {"authorization_endpoint", base + "/oauth/authorize"},
            {"token_endpoint", base + "/oauth/token"},
            {"revocation_endpoint", base + "/oauth/revoke"},
            {"scopes_supported", known_scope_names()},
            {"response_types_supported", json::array{"code"}},
            {"response_modes_supported", json::array{"query"}},
            {"grant_types_supported", json::array{"authorization_code", "client_credentials", "refresh_token",
                                                  "urn:ietf:params:oauth:grant-type:jwt-bearer"}},
            {"token_endpoint_auth_methods_supported", client_authentication},
            {"revocation_endpoint_auth_methods_supported", client_authentication},
            {"code_challenge_methods_supported", json::array{"S256"}},
            {"authorization_response_iss_parameter_supported", true},
            {"service_documentation", base + "/docs/"}};
}

}  // namespace

std::string issuer_name(const std::string& configured, const net::HttpRequest& request) {
    if (!configured.empty()) return configured;
    return fmt::format("{}://{}", request.is_tls ? "https" : "http", request.header("Host"));
}

void add_server_metadata(Router& router, std::string issuer) {
    router.add({"GET",
                "/.well-known/oauth-authorization-server",
                {},
                [issuer = std::move(issuer)](const ApiRequest& request, Reply reply) {
                    std::move(reply).json(200, metadata(issuer_name(issuer, request.http)));
                },
                ScopeRefusal::Forbidden,
                ErrorStyle::Genesys,
                RouteAccess::Open});
}

}  // namespace dp::api
