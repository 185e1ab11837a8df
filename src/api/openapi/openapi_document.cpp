/// @file The one translation unit that carries the joined document. cmake/OpenApi.cmake makes the files and gives their
/// folder; the id header is what tells a compiler cache, which does not follow #embed, that they changed.
#include "api/openapi/openapi_document.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <memory>

#include "api/http/reply.hpp"
#include "api/openapi/openapi_id.hpp"
#include "base/ascii.hpp"
#include "base/crypto.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored \
    "-Wc23-extensions"  // #embed is C23 and not yet C++; clang-19 and g++ 15 take it in both

namespace dp::api {

namespace json = boost::json;

namespace {

constexpr char kDocument[] = {
#embed "openapi.json"
};
constexpr char kPage[] = {
#embed "docs.html"
};
constexpr char kScript[] = {
#embed "docs.js"
};
constexpr char kStyle[] = {
#embed "docs.css"
};

#pragma clang diagnostic pop

struct DocumentationFile {
    std::string_view path;
    std::string_view type;
    std::string_view content;
};

constexpr std::array<DocumentationFile, 3> kFiles{{
    {"/docs", "text/html; charset=utf-8", {kPage, sizeof kPage}},
    {"/docs/docs.js", "text/javascript; charset=utf-8", {kScript, sizeof kScript}},
    {"/docs/docs.css", "text/css; charset=utf-8", {kStyle, sizeof kStyle}},
}};

constexpr std::array<std::string_view, 2> kDocumentPaths{"/openapi.json", "/api/v2/docs/swagger"};

// Nothing from elsewhere, no inline code, no framing: the page reads one document of its own origin.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// One file, ready to be answered with.
struct Served {
    std::string type;
    std::string tag;
    net::HttpBody body;
};

void serve(const Served& file, const ApiRequest& request, Reply reply) {
    net::HttpResponse out{
        200, {{"ETag", file.tag}, {"Cache-Control", "no-cache"}, {"X-Content-Type-Options", "nosniff"}}, {}};
    if (request.http.header("If-None-Match").find(file.tag) != std::string_view::npos) {
        out.status = 304;
        return std::move(reply).response(std::move(out));
    }
    out.headers.push_back({"Content-Type", file.type});
    if (file.type.starts_with("text/html")) out.headers.push_back({"Content-Security-Policy", std::string(kPolicy)});
    out.body = file.body;
    std::move(reply).response(std::move(out));
}

void add_file(Router& router, std::string_view path, Served file) {
    auto handler = [file = std::move(file)](const ApiRequest& request, Reply reply) {
        serve(file, request, std::move(reply));
    };
    router.add({"GET", path, {}, handler, ScopeRefusal::Forbidden, ErrorStyle::Genesys, RouteAccess::Open});
}

/// The route's operation in the document; null when it is not there, which the contract test forbids.
json::object* operation_of(json::object& paths, const Route& route) {
    auto* item = paths.if_contains(route.path);
    auto* operation = item ? item->as_object().if_contains(ascii::lower(route.method)) : nullptr;
    return operation ? &operation->as_object() : nullptr;
}

}  // namespace

std::string_view openapi_document() {
    return {kDocument, sizeof kDocument};
}

std::string served_document(const Router& router) {
    auto document = json::parse(openapi_document());
    auto& paths = document.at("paths").as_object();
    for (const auto* route : router.routes()) {
        auto* operation = route->permissions.empty() ? nullptr : operation_of(paths, *route);
        if (!operation) continue;
        json::array permissions(route->permissions.begin(), route->permissions.end());
        (*operation)["x-inin-requires-permissions"] =
            json::object{{"type", "ANY"}, {"permissions", std::move(permissions)}};
    }
    return json::serialize(document);
}

void add_documentation(Router& router) {
    const auto tag_of = [](std::string_view id) { return "\"" + std::string(id) + "\""; };
    for (const auto& file : kFiles)
        add_file(router, file.path,
                 {std::string(file.type), tag_of(kOpenApiId), net::HttpBody::from_static(file.content)});
    const auto document = std::make_shared<const std::string>(served_document(router));
    const auto digest = crypto::hex(crypto::sha256(*document)).substr(0, 32);
    for (const auto path : kDocumentPaths)
        add_file(router, path, {"application/json", tag_of(digest), net::HttpBody(document)});
}

}  // namespace dp::api
