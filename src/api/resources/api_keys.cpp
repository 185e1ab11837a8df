/// @file /api/v2/apikeys: the keys that the telephony-configs family takes as `X-API-Key` (seed 4). A key is shown once;
/// afterwards its first characters tell which one it is.
#include <fmt/format.h>

#include "api/auth/delegation.hpp"
#include "api/auth/scopes.hpp"
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::ApiKey;

namespace {

const Scopes kRead{"oauth:readonly"};
const Scopes kWrite{"oauth"};
constexpr std::string_view kKeys = "/api/v2/apikeys";
constexpr std::string_view kMark = "dg_";  // as seed 4's clients know them
constexpr std::size_t kKeyLength = 43;

json::object key_json(const ApiKey& key, const telephony::OrganizationConfig&) {
    auto out = envelope(key.id.str(), key.name, key.meta, kKeys);
    json::array scopes, roles;
    for (const auto& scope : key.scopes) scopes.emplace_back(scope);
    for (const auto& role : key.roles) roles.emplace_back(role.str());
    out["state"] = key.enabled ? "active" : "inactive";
    out["prefix"] = key.prefix;
    out["scope"] = std::move(scopes);
    out["roleIds"] = std::move(roles);
    out["requestsPerMinute"] = key.requests_per_minute;
    return out;
}

Shape<ApiKey> key_shape() {
    return {kKeys, "/api/v2/apikeys/{apiKeyId}", "apiKeyId", "API key", kRead, kWrite, key_json};
}

void fill_key(JsonReader& body, ApiKey& key) {
    body.ignore({"prefix", "key"});
    key.name = body.required_text("name");
    if (const auto state = body.text("state", 16)) {
        if (*state != "active" && *state != "inactive") body.refuse("state", "must be active or inactive");
        key.enabled = *state != "inactive";
    }
    if (auto scopes = body.texts("scope", 128, 64)) key.scopes = std::move(*scopes);
    for (const auto& scope : key.scopes)
        if (!is_known_scope(scope)) body.refuse("scope", "names the unknown scope " + scope);
    if (const auto roles = body.texts("roleIds", 64, 64)) {
        key.roles.clear();
        for (const auto& id : *roles) key.roles.emplace_back(id);
    }
    if (auto limit = body.integer("requestsPerMinute", telephony::kUnlimited, 1'000'000))
        key.requests_per_minute = static_cast<std::int32_t>(*limit);
}

Result<void> may_manage(const ApiRequest& request, const ApiKey& key) {
    DP_CHECK(may_grant(*request.caller, request.config(), key.roles));
    return may_pass_on(*request.caller, key.scopes);
}

void create(ApiContext& context, const ApiRequest& request, Reply reply) {
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    ApiKey key;
    key.id = telephony::ApiKeyId(context.random.uuid());
    (*body)->ignore(kEnvelopeFields);
    fill_key(**body, key);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    if (auto ok = may_manage(request, key); !ok) return std::move(reply).error(403, "missing.permissions", ok.error());
    const std::string secret = std::string(kMark) + context.random.token(kKeyLength);
    key.key_sha256 = telephony::secret_digest(secret);
    key.prefix = secret.substr(0, telephony::kKeyPrefix);
    store_entity(context, request, std::move(reply), key_shape(), std::move(key), 201, json::object{{"key", secret}});
}

void replace(ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("apiKeyId");
    const auto& present = request.config().find<ApiKey>(telephony::ApiKeyId(id));
    if (!present) return std::move(reply).error(not_found("API key", id));
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    auto version = expected_version(request, **body);
    if (!version) return std::move(reply).error(version.error());
    ApiKey key = *present;
    (*body)->ignore(kEnvelopeFields);
    fill_key(**body, key);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    if (auto ok = may_manage(request, key); !ok) return std::move(reply).error(403, "missing.permissions", ok.error());
    context.configuration.replace(write_context(request, context.clock), std::move(key), *version, context.executor,
                                  when_stored(std::move(reply), key_shape(), 200));
}

}  // namespace

void add_api_keys(Router& router, ApiContext& context) {
    const auto shape = key_shape();
    add_reads(router, shape);
    add_remove(router, context, shape, telephony::EntityType::ApiKey);
    const auto bind = [&context](void (*handler)(ApiContext&, const ApiRequest&, Reply)) {
        return [&context, handler](ApiRequest request, Reply reply) { handler(context, request, std::move(reply)); };
    };
    router.add({"POST", shape.collection, kWrite, bind(create)});
    router.add({"PUT", shape.item, kWrite, bind(replace)});
}

}  // namespace dp::api
