/// @file /api/v2/oauth/clients and /api/v2/oauth/scopes: who may ask for tokens, how and how often. A secret is shown
/// once, in the answer that made it. Source: genesys-api 1.1 "OAuth clients"; product.md "Client secrets".
#include <fmt/format.h>

#include "api/auth/delegation.hpp"
#include "api/auth/jwt.hpp"
#include "api/auth/scopes.hpp"
#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"
#include "telephony/names.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::ClientKey;
using telephony::GrantType;
using telephony::KeyAlgorithm;
using telephony::OAuthClient;

namespace {

const Scopes kRead{"oauth:readonly"};
const Scopes kWrite{"oauth"};
constexpr std::string_view kClients = "/api/v2/oauth/clients";
constexpr std::size_t kSecretLength = 43;
constexpr std::int64_t kMaxPerMinute = 1'000'000;

bool has_grant(const OAuthClient& client, GrantType type) {
    return std::ranges::find(client.grants, type) != client.grants.end();
}

template <class Texts>
json::array texts(const Texts& values) {
    json::array out;
    for (const auto& value : values) out.emplace_back(value);
    return out;
}

std::string_view grant_name(const OAuthClient& client) {
    if (has_grant(client, GrantType::ClientCredentials)) return "CLIENT-CREDENTIALS";
    return has_grant(client, GrantType::AuthorizationCode) ? "CODE" : "JWT-BEARER";
}

json::object key_json(const ClientKey& key) {
    json::object out{{"kid", key.kid}, {"alg", telephony::name_of(key.algorithm)}, {"use", "sig"}};
    switch (key.algorithm) {
        case KeyAlgorithm::Rs256:
            out["kty"] = "RSA", out["n"] = key.first, out["e"] = key.second;
            break;
        case KeyAlgorithm::Es256:
            out["kty"] = "EC", out["crv"] = "P-256", out["x"] = key.first, out["y"] = key.second;
            break;
        case KeyAlgorithm::EdDsa:
            out["kty"] = "OKP", out["crv"] = "Ed25519", out["x"] = key.first;
            break;
    }
    return out;
}

json::value limit_json(std::int32_t limit) {
    if (limit == telephony::kUnlimited) return "unlimited";
    return limit == 0 ? json::value("default") : json::value(limit);
}

json::object client_json(const OAuthClient& client, const telephony::OrganizationConfig& config) {
    auto out = envelope(client.id.str(), client.name, client.meta, kClients);
    out["description"] = client.description;
    out["state"] = client.enabled ? "active" : "inactive";
    out["authorizedGrantType"] = grant_name(client);
    out["publicClient"] = client.is_public();
    out["registeredRedirectUri"] = texts(client.redirect_uris);
    out["accessTokenValiditySeconds"] = client.token_lifetime.count();
    out["scope"] = texts(client.scopes);
    json::array roles, divisions, keys;
    for (const auto& role : client.roles) {
        roles.emplace_back(role.str());
        divisions.push_back(json::object{{"roleId", role.str()}, {"divisionId", config.id().str()}});
    }
    for (const auto& key : client.keys) keys.push_back(key_json(key));
    out["roleIds"] = std::move(roles);
    out["roleDivisions"] = std::move(divisions);
    out["jwks"] = json::object{{"keys", std::move(keys)}};
    out["rateLimit"] = json::object{{"requestsPerMinute", limit_json(client.requests_per_minute)},
                                    {"callsPerMinute", limit_json(client.calls_per_minute)}};
    return out;
}

Shape<OAuthClient> client_shape() {
    Shape<OAuthClient> out{kClients,   "/api/v2/oauth/clients/{clientId}", "clientId", "OAuth client", kRead, kWrite,
                           client_json};
    out.created = 200;
    return out;
}

// RFC 8252 sections 7, 8: https, loopback http, or a private scheme in reverse domain notation; RFC 6749 section 3.1.2:
// absolute, without a fragment.
bool is_redirect_uri(std::string_view uri) {
    const auto colon = uri.find(':');
    if (colon == std::string_view::npos || uri.contains('#')) return false;
    if (std::ranges::any_of(uri, [](char c) { return c <= ' ' || c == 0x7F; })) return false;
    const auto scheme = uri.substr(0, colon);
    const auto rest = uri.substr(colon);
    if (scheme == "https") return rest.size() > 3 && rest.starts_with("://");
    if (scheme != "http") return scheme.contains('.') && rest.size() > 2;
    for (std::string_view host : {"://127.0.0.1", "://localhost", "://[::1]"})
        if (rest.starts_with(host) &&
            (rest.size() == host.size() || rest[host.size()] == ':' || rest[host.size()] == '/'))
            return true;
    return false;
}

void fill_redirects(JsonReader& body, OAuthClient& client) {
    auto uris = body.texts("registeredRedirectUri", 32, 512);
    if (uris) client.redirect_uris = std::move(*uris);
    for (const auto& uri : client.redirect_uris)
        if (!is_redirect_uri(uri))
            body.refuse("registeredRedirectUri",
                        "must be https, http on loopback or a scheme like com.example.app, without a fragment");
    if (has_grant(client, GrantType::AuthorizationCode) && client.redirect_uris.empty())
        body.refuse("registeredRedirectUri", "is required for the grant type CODE", ErrorCode::MissingField);
}

void fill_grants(JsonReader& body, OAuthClient& client) {
    const auto type = body.required_text("authorizedGrantType", 32);
    if (type == "CLIENT-CREDENTIALS")
        client.grants = {GrantType::ClientCredentials};
    else if (type == "CODE")
        client.grants = {GrantType::AuthorizationCode, GrantType::RefreshToken};
    else if (type == "JWT-BEARER")
        client.grants = {};
    else if (!type.empty())
        body.refuse(
            "authorizedGrantType",
            "must be CLIENT-CREDENTIALS, CODE or JWT-BEARER (TOKEN, PASSWORD and SAML2-BEARER are not offered)");
}

void fill_keys(JsonReader& body, OAuthClient& client) {
    if (JsonReader* jwks = body.object("jwks")) {
        client.keys.clear();
        for (JsonReader* each : jwks->objects("keys", 16)) {
            each->ignore({"use", "key_ops", "x5t", "x5t#S256"});
            if (each->has("d")) each->refuse("d", "is a private key: register the public one");
            const auto part = [each](std::string_view name) { return each->text(name, 1024).value_or(""); };
            auto key = client_key(
                {part("kty"), part("crv"), part("alg"), part("kid"), part("n"), part("e"), part("x"), part("y")});
            key ? client.keys.push_back(std::move(*key)) : each->refuse(key.error().field, key.error().detail);
        }
    }
    if (!client.keys.empty()) client.grants.push_back(GrantType::JwtBearer);
    if (client.grants.empty()) body.refuse("jwks", "needs at least one key for the grant type JWT-BEARER");
}

void fill_roles(JsonReader& body, OAuthClient& client) {
    const auto ids = body.texts("roleIds", 64, 64);
    const bool by_division = body.has("roleDivisions");
    if (ids || by_division) client.roles.clear();
    if (ids)
        for (const auto& id : *ids) client.roles.emplace_back(id);
    for (JsonReader* each : body.objects("roleDivisions", 64)) {
        const telephony::RoleId id(each->required_text("roleId", 64));
        each->ignore({"divisionId"});
        if (std::ranges::find(client.roles, id) == client.roles.end()) client.roles.push_back(id);
    }
}

/// `unlimited`, `default` or a figure; the seeds' 100 and the default 300 are figures like others.
void fill_limit(JsonReader& limits, std::string_view name, std::int32_t& out) {
    if (!limits.has(name)) return;
    if (!limits.is_text(name)) {
        out = static_cast<std::int32_t>(limits.integer(name, 1, kMaxPerMinute).value_or(1));
        return;
    }
    const auto word = limits.required_text(name, 16);
    if (word == "unlimited")
        out = telephony::kUnlimited;
    else if (word == "default")
        out = 0;
    else if (word == "100" || word == "300")
        out = word == "100" ? 100 : 300;
    else
        limits.refuse(name, "must be a figure, default or unlimited");
}

void fill_client(JsonReader& body, OAuthClient& client) {
    body.ignore({"secret", "dateToDelete", "limitExempt"});
    client.name = body.required_text("name");
    client.description = body.text("description", 1024).value_or("");
    if (const auto state = body.text("state", 16)) {
        if (*state != "active" && *state != "inactive") body.refuse("state", "must be active or inactive");
        client.enabled = *state != "inactive";
    }
    fill_grants(body, client);
    fill_keys(body, client);
    fill_redirects(body, client);
    fill_roles(body, client);
    if (auto scopes = body.texts("scope", 128, 64)) client.scopes = std::move(*scopes);
    for (const auto& scope : client.scopes)
        if (!is_known_scope(scope)) body.refuse("scope", "names the unknown scope " + scope);
    if (auto seconds = body.integer("accessTokenValiditySeconds", 300, 172'800))
        client.token_lifetime = std::chrono::seconds(*seconds);
    if (JsonReader* limits = body.object("rateLimit")) {
        fill_limit(*limits, "requestsPerMinute", client.requests_per_minute);
        fill_limit(*limits, "callsPerMinute", client.calls_per_minute);
    }
}

/// A client is a way to act: whoever changes it, or takes its secret, needs all that it can do.
Result<void> may_manage(const ApiRequest& request, const OAuthClient& client) {
    DP_CHECK(may_grant(*request.caller, request.config(), client.roles));
    DP_CHECK(may_pass_on(*request.caller, client.scopes));
    if (!client.keys.empty()) DP_CHECK(may_impersonate(*request.caller));
    return {};
}

void refuse(Reply reply, const Error& error) {
    std::move(reply).error(403, "missing.permissions", error);
}

/// Beside the client, in this answer alone.
json::object shown_once(const std::string& secret) {
    return secret.empty() ? json::object{} : json::object{{"secret", secret}};
}

void create(ApiContext& context, const ApiRequest& request, Reply reply) {
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    OAuthClient client;
    client.id = telephony::OAuthClientId(context.random.uuid());
    const bool is_public = (*body)->boolean("publicClient").value_or(false);
    (*body)->ignore(kEnvelopeFields);
    fill_client(**body, client);
    if (is_public && has_grant(client, GrantType::ClientCredentials))
        (*body)->refuse("publicClient", "may not be true with the grant type CLIENT-CREDENTIALS");
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    if (auto ok = may_manage(request, client); !ok) return refuse(std::move(reply), ok.error());
    const std::string secret = is_public ? "" : context.random.token(kSecretLength);
    if (!is_public) client.secret_sha256 = telephony::secret_digest(secret);
    store_entity(context, request, std::move(reply), client_shape(), std::move(client), 200, shown_once(secret));
}

void replace(ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("clientId");
    const auto& present = request.config().find<OAuthClient>(telephony::OAuthClientId(id));
    if (!present) return std::move(reply).error(not_found("OAuth client", id));
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    auto version = expected_version(request, **body);
    if (!version) return std::move(reply).error(version.error());
    OAuthClient client = *present;
    (*body)->ignore(kEnvelopeFields);
    fill_client(**body, client);
    if ((*body)->boolean("publicClient").value_or(client.is_public()) != client.is_public())
        (*body)->refuse("publicClient", "is fixed when the client is created");
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    // As it is and as it shall be: neither may be beyond the caller.
    auto allowed = may_manage(request, *present);
    if (allowed) allowed = may_manage(request, client);
    if (!allowed) return refuse(std::move(reply), allowed.error());
    context.configuration.replace(write_context(request, context.clock), std::move(client), *version, context.executor,
                                  when_stored(std::move(reply), client_shape(), 200));
}

void rotate(ApiContext& context, const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("clientId");
    const auto& present = request.config().find<OAuthClient>(telephony::OAuthClientId(id));
    if (!present) return std::move(reply).error(not_found("OAuth client", id));
    if (present->is_public())
        return std::move(reply).error({ErrorCode::Conflict, "A public client has no secret.", id});
    if (auto ok = may_manage(request, *present); !ok) return refuse(std::move(reply), ok.error());
    OAuthClient client = *present;
    const std::string secret = context.random.token(kSecretLength);
    client.secret_sha256 = telephony::secret_digest(secret);
    store_entity(context, request, std::move(reply), client_shape(), std::move(client), 200, shown_once(secret));
}

json::object scope_json(const ScopeFacts& scope) {
    return {{"id", scope.name},
            {"description", scope.description},
            {"selfUri", fmt::format("/api/v2/oauth/scopes/{}", scope.name)}};
}

void scopes(const ApiRequest& request, Reply reply) {
    const auto page = page_of(request.http);
    if (!page) return std::move(reply).error(page.error());
    const auto known = known_scopes();
    std::move(reply).json(
        200, list_envelope(request.http, *page, known.size(), [&](std::size_t i) { return scope_json(known[i]); }));
}

void scope(const ApiRequest& request, Reply reply) {
    const auto& id = request.parameter("scopeId");
    for (const auto& known : known_scopes())
        if (known.name == id) return std::move(reply).json(200, scope_json(known));
    std::move(reply).error(not_found("scope", id));
}

}  // namespace

void add_oauth_clients(Router& router, ApiContext& context) {
    const auto shape = client_shape();
    add_reads(router, shape);
    add_remove(router, context, shape, telephony::EntityType::OAuthClient);
    const auto bind = [&context](void (*handler)(ApiContext&, const ApiRequest&, Reply)) {
        return [&context, handler](ApiRequest request, Reply reply) { handler(context, request, std::move(reply)); };
    };
    router.add({"POST", shape.collection, kWrite, bind(create)});
    router.add({"PUT", shape.item, kWrite, bind(replace)});
    router.add({"POST", "/api/v2/oauth/clients/{clientId}/secret", kWrite, bind(rotate)});
    router.add({"GET", "/api/v2/oauth/scopes", {}, [](ApiRequest request, Reply reply) {
                    scopes(request, std::move(reply));
                }});
    router.add({"GET", "/api/v2/oauth/scopes/{scopeId}", {}, [](ApiRequest request, Reply reply) {
                    scope(request, std::move(reply));
                }});
}

}  // namespace dp::api
