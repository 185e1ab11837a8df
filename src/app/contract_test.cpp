/// @file The contract: what the server's router answers and what the OpenAPI document says, held against each other in
/// both directions. A route without its fragment, a fragment without its route, or another scope fails here.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "api/http/router.hpp"
#include "api/openapi/openapi_document.hpp"
#include "app/server.hpp"
#include "store/testing/opened.hpp"
#include "telephony/identity/role.hpp"

namespace dp::app {
namespace {

namespace json = boost::json;

/// One operation as both sides can tell it.
struct Operation {
    std::set<std::string> scopes;
    bool open = false;
    bool insufficient_scope = false;
    auto operator<=>(const Operation&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Operation& operation) {
    out << (operation.open ? "open" : "authenticated") << (operation.insufficient_scope ? ", refusal 401" : "") << ":";
    for (const auto& scope : operation.scopes) out << " " << scope;
    return out;
}

using Operations = std::map<std::string, Operation>;

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return out;
}

Operation documented(const json::object& operation) {
    Operation out;
    const auto& security = operation.at("security").as_array();
    out.open = security.empty();
    for (const auto& one : security)
        for (const auto& [scheme, scopes] : one.as_object())
            for (const auto& scope : scopes.as_array()) out.scopes.emplace(scope.as_string());
    out.insufficient_scope = operation.contains("x-dialplane-scope-refusal");
    return out;
}

Operations of_document() {
    Operations out;
    const auto document = json::parse(api::openapi_document());
    for (const auto& [path, methods] : document.at("paths").as_object())
        for (const auto& [method, operation] : methods.as_object())
            out[upper(method) + " " + std::string(path)] = documented(operation.as_object());
    return out;
}

Operations of_router(const api::Router& router) {
    Operations out;
    for (const auto* route : router.routes()) {
        auto& operation = out[std::string(route->method) + " " + std::string(route->path)];
        operation.open = route->access == api::RouteAccess::Open;
        operation.insufficient_scope = route->refusal == api::ScopeRefusal::InsufficientScope;
        for (auto scope : route->scopes) operation.scopes.emplace(scope);
    }
    return out;
}

class Contract : public ::testing::Test {
protected:
    void SetUp() override {
        const auto raw = merge({{"data", {folder_.path()}},
                                {"http", {"127.0.0.1:0"}},
                                {"https", {"off"}},
                                {"sip", {"127.0.0.1:0"}},
                                {"sips", {"off"}},
                                {"sandbox", {"true"}},  // some routes are the sandbox's
                                {"sandbox.sip", {"127.0.0.1:0"}},
                                {"log.level", {"error"}}},
                               [](const std::string&) { return std::nullopt; });
        ASSERT_TRUE(raw);
        const auto config = validate(*raw);
        ASSERT_TRUE(config) << config.error().detail;
        auto started = Server::start(*config);
        ASSERT_TRUE(started) << started.error().detail;
        server_ = std::move(*started);
    }
    void TearDown() override {
        if (server_) server_->stop();
        server_.reset();
    }

    store::testing::TemporaryDirectory folder_;
    std::unique_ptr<Server> server_;
};

TEST_F(Contract, EveryRouteIsDocumentedAsItIsAndNothingElse) {
    const auto document = of_document();
    const auto router = of_router(server_->routes());
    for (const auto& [name, operation] : router) {
        const auto it = document.find(name);
        if (it == document.end())
            ADD_FAILURE() << name << " is in no fragment of src/api/openapi";
        else
            EXPECT_EQ(it->second, operation) << name;
    }
    for (const auto& [name, operation] : document)
        EXPECT_TRUE(router.contains(name)) << name << " is documented and no route";
}

// The dispatcher reads the route; whoever reads the document must read the same.
TEST_F(Contract, TheServedDocumentNamesThePermissionsThatAreChecked) {
    const auto document = json::parse(api::served_document(server_->routes()));
    std::size_t told = 0;
    for (const auto* route : server_->routes().routes()) {
        auto method = std::string(route->method);
        std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
        const auto& operation = document.at("paths").at(route->path).at(method).as_object();
        const auto* stated = operation.if_contains("x-inin-requires-permissions");
        ASSERT_EQ(stated != nullptr, !route->permissions.empty()) << route->method << " " << route->path;
        if (!stated) continue;
        EXPECT_EQ(json::value_to<std::vector<std::string>>(stated->at("permissions")), route->permissions);
        ++told;
    }
    EXPECT_GT(told, 200U);
}

// What a route asks for and no role can give would be closed to everybody but the administrator.
TEST_F(Contract, EveryPermissionThatARouteAsksForCanBeInARole) {
    for (const auto* route : server_->routes().routes())
        for (const std::string_view permission : route->permissions) {
            const auto first = permission.find(':');
            const auto last = permission.rfind(':');
            ASSERT_LT(first, last) << permission;
            EXPECT_TRUE(telephony::is_known_permission(permission.substr(0, first),
                                                       permission.substr(first + 1, last - first - 1),
                                                       permission.substr(last + 1)))
                << route->method << " " << route->path << " asks for " << permission;
        }
}

}  // namespace
}  // namespace dp::app
