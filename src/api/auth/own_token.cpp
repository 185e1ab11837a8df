#include "api/auth/own_token.hpp"

#include <boost/json.hpp>

#include "api/genesys/envelope.hpp"

namespace dp::api {

namespace json = boost::json;

namespace {

json::object token_info(const ApiRequest& request) {
    const auto& organization = request.config().organization();
    const json::object home{
        {"id", organization.id.str()}, {"name", organization.name}, {"selfUri", "/api/v2/organizations/me"}};
    json::array scopes;
    for (const auto& scope : request.caller->scopes) scopes.emplace_back(scope);
    json::object out{{"organization", home}, {"homeOrganization", home}, {"authorizedScope", std::move(scopes)}};
    if (const auto& client = request.snapshot->oauth_client(request.caller->client))
        out["OAuthClient"] = json::object{{"id", client->id.str()}, {"name", client->name}, {"organization", home}};
    if (!request.caller->user.empty()) out["userId"] = request.caller->user.str();
    return out;
}

}  // namespace

void add_own_token(Router& router, TokenIssuer& issuer, const GrantTable& grants) {
    router.add({"GET", "/api/v2/tokens/me", {}, [](ApiRequest request, Reply reply) {
                    std::move(reply).json(200, token_info(request));
                }});
    router.add({"DELETE", "/api/v2/tokens/me", {}, [&issuer, &grants](ApiRequest request, Reply reply) {
                    const auto family = grants.family_of(request.caller->grant);
                    auto done = [reply = std::move(reply)](Result<void> ended) mutable {
                        ended ? std::move(reply).json(200, json::object{}) : std::move(reply).error(ended.error());
                    };
                    if (!family.empty()) return issuer.revoke_family(family, std::move(done));
                    issuer.revoke(request.caller->grant, std::move(done));
                }});
}

}  // namespace dp::api
