#include "api/http/router.hpp"

#include <algorithm>

#include "api/auth/route_permissions.hpp"
#include "base/ascii.hpp"
#include "base/utf8.hpp"

namespace dp::api {

struct Router::Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> any;
    std::map<std::string_view, const Route*> by_method;
};

namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
    if (path.starts_with('/')) path.remove_prefix(1);
    if (path.ends_with('/')) path.remove_suffix(1);  // a trailing slash changes nothing (clients append one)
    return ascii::split(path, '/');
}

bool is_parameter(std::string_view segment) {
    return segment.starts_with('{');
}

}  // namespace

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::add(Route route) {
    if (route.access == RouteAccess::Authenticated && route.permissions.empty())
        route.permissions = route_permissions(route.method, route.path);
    Node* node = root_.get();
    for (auto segment : segments_of(route.path)) {
        auto& next = is_parameter(segment) ? node->any : node->literals[std::string(segment)];
        if (!next) next = std::make_unique<Node>();
        node = next.get();
    }
    routes_.push_back(std::make_unique<Route>(std::move(route)));
    node->by_method[routes_.back()->method] = routes_.back().get();
}

namespace {

// What is echoed in answers and logs must be text.
bool is_printable(std::string_view text) {
    return is_valid_utf8(text) &&
           std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace

RouteMatch Router::match(std::string_view method, std::string_view path) const {
    const auto segments = segments_of(path);
    const Node* node = root_.get();
    for (auto segment : segments) {
        auto literal = node->literals.find(segment);
        node = literal != node->literals.end() ? literal->second.get() : segment.empty() ? nullptr : node->any.get();
        if (!node) return {};
    }
    RouteMatch out;
    for (const auto& [name, route] : node->by_method)
        out.allowed += (out.allowed.empty() ? "" : ", ") + std::string(name);
    auto found = node->by_method.find(method == "HEAD" ? "GET" : method);
    if (found == node->by_method.end()) return out;
    out.route = found->second;
    const auto names = segments_of(out.route->path);
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!is_parameter(names[i])) continue;
        auto decoded = net::percent_decode(segments[i]);
        if (!decoded || !is_printable(*decoded)) {
            out.malformed = true;
            return out;
        }
        out.parameters[std::string(names[i].substr(1, names[i].size() - 2))] = std::move(*decoded);
    }
    return out;
}

std::vector<const Route*> Router::routes() const {
    std::vector<const Route*> out;
    for (const auto& route : routes_) out.push_back(route.get());
    return out;
}

}  // namespace dp::api
