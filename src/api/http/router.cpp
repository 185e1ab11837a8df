#include "api/http/router.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <map>
#include <span>

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

/// Of a path with more no route could be found.
constexpr std::size_t kMostSegments = 16;
using SegmentBuffer = std::array<std::string_view, kMostSegments>;

/// Empty: there are too many.
std::span<const std::string_view> segments_of(std::string_view path, SegmentBuffer& into) {
    if (path.starts_with('/')) path.remove_prefix(1);
    if (path.ends_with('/')) path.remove_suffix(1);  // a trailing slash changes nothing (clients append one)
    for (std::size_t count = 0; count < into.size();) {
        const auto end = path.find('/');
        into[count++] = path.substr(0, end);
        if (end == std::string_view::npos) return {into.data(), count};
        path.remove_prefix(end + 1);
    }
    return {};
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
    SegmentBuffer buffer;
    const auto segments = segments_of(route.path, buffer);
    assert(!segments.empty());
    for (auto segment : segments) {
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
    SegmentBuffer buffer, names_buffer;
    const auto segments = segments_of(path, buffer);
    if (segments.empty()) return {};
    const Node* node = root_.get();
    for (auto segment : segments) {
        auto literal = node->literals.find(segment);
        node = literal != node->literals.end() ? literal->second.get() : segment.empty() ? nullptr : node->any.get();
        if (!node) return {};
    }
    RouteMatch out;
    auto found = node->by_method.find(method == "HEAD" ? "GET" : method);
    if (found == node->by_method.end()) {
        for (const auto& [name, route] : node->by_method)
            out.allowed += (out.allowed.empty() ? "" : ", ") + std::string(name);
        return out;
    }
    out.route = found->second;
    const auto names = segments_of(out.route->path, names_buffer);
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!is_parameter(names[i])) continue;
        auto decoded = net::percent_decode(segments[i]);
        if (!decoded || !is_printable(*decoded)) {
            out.malformed = true;
            return out;
        }
        out.parameters.add(names[i].substr(1, names[i].size() - 2), std::move(*decoded));
    }
    return out;
}

std::vector<const Route*> Router::routes() const {
    std::vector<const Route*> out;
    for (const auto& route : routes_) out.push_back(route.get());
    return out;
}

}  // namespace dp::api
