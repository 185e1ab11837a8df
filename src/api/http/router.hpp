#pragma once
/// @file Router: method and path template to handler, with what the caller must hold. One table for the whole API, so
/// that the contract, the scope matrix and the dispatcher read the same thing.
///
/// Built at start-up, immutable afterwards; look-ups from the API thread. Literal segments beat parameters.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/auth/caller.hpp"
#include "api/http/error_body.hpp"
#include "net/http_message.hpp"
#include "telephony/config/snapshot.hpp"

namespace dp::api {

class Reply;

/// What stood in a path for the template's `{name}`s, decoded.
class PathParameters {
public:
    /// `name` lives as long as the program: it is part of a route's literal.
    void add(std::string_view name, std::string value) { values_.emplace_back(name, std::move(value)); }
    /// Null: the template has no such name.
    const std::string* find(std::string_view name) const {
        for (const auto& [key, value] : values_)
            if (key == name) return &value;
        return nullptr;
    }
    std::size_t size() const { return values_.size(); }

private:
    std::vector<std::pair<std::string_view, std::string>> values_;
};

/// One authenticated request on its way to a handler. Lives on the API thread until the handler returns: a handler that
/// answers later copies what it needs.
struct ApiRequest {
    net::HttpRequest http;
    PathParameters parameters;
    CallerPtr caller;  ///< never null; anonymous on open routes
    std::string correlation;
    telephony::Ptr<telephony::Snapshot> snapshot;  ///< the configuration this request sees

    const std::string& parameter(std::string_view name) const { return *parameters.find(name); }
    /// The caller's organization; only behind a route that asks for a credential.
    const telephony::OrganizationConfig& config() const { return *snapshot->organization(caller->organization); }
};

using ApiHandler = std::function<void(ApiRequest, Reply)>;

/// Who may come in at all.
enum class RouteAccess { Authenticated, Open };

/// What a caller may come with. API keys belong to the telephony-configs family (seed 4).
enum class Credentials { Token, TokenOrApiKey };

/// Limits that a route has beside the caller's own: calls placed count twice.
enum class RouteBudget { Requests, Calls };

/// What happens to a valid credential without the scope (product.md, "Missing scope").
enum class ScopeRefusal { Forbidden, InsufficientScope };

struct Route {
    std::string_view method;
    std::string_view path;                 ///< `/api/v2/users/{userId}`
    std::vector<std::string_view> scopes;  ///< any of; empty = any valid credential
    ApiHandler handler;
    ScopeRefusal refusal = ScopeRefusal::Forbidden;
    ErrorStyle style = ErrorStyle::Genesys;
    RouteAccess access = RouteAccess::Authenticated;
    Credentials credentials = Credentials::Token;
    RouteBudget budget = RouteBudget::Requests;
    /// Any of, `domain:entity:action`; left empty, the router takes what route_permissions.cpp says of method and path.
    std::vector<std::string> permissions{};
    std::string_view produces = "application/json";  ///< what `Accept` must allow
};

struct RouteMatch {
    const Route* route = nullptr;  ///< null: no such path, or not with this method
    PathParameters parameters;
    bool malformed = false;  ///< a path parameter is no text: nothing can have that id
    std::string allowed;     ///< `GET, PUT` when the path exists, but not with this method
};

class Router {
public:
    Router();
    ~Router();
    /// Start-up only. `scopes` and `path` must be literals.
    void add(Route route);
    RouteMatch match(std::string_view method, std::string_view path) const;
    std::vector<const Route*> routes() const;

private:
    struct Node;
    std::unique_ptr<Node> root_;
    std::vector<std::unique_ptr<Route>> routes_;
};

}  // namespace dp::api
