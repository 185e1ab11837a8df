/// @file The one translation unit that carries the joined document. cmake/OpenApi.cmake makes the files and gives their
/// folder; the id header is what tells a compiler cache, which does not follow #embed, that they changed.
#include "api/openapi/openapi_document.hpp"

#include <array>

#include "api/http/reply.hpp"
#include "api/openapi/openapi_id.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored \
    "-Wc23-extensions"  // #embed is C23 and not yet C++; clang-19 and g++ 15 take it in both

namespace dp::api {

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

constexpr std::array<DocumentationFile, 5> kFiles{{
    {"/openapi.json", "application/json", {kDocument, sizeof kDocument}},
    {"/api/v2/docs/swagger", "application/json", {kDocument, sizeof kDocument}},
    {"/docs", "text/html; charset=utf-8", {kPage, sizeof kPage}},
    {"/docs/docs.js", "text/javascript; charset=utf-8", {kScript, sizeof kScript}},
    {"/docs/docs.css", "text/css; charset=utf-8", {kStyle, sizeof kStyle}},
}};

// Nothing from elsewhere, no inline code, no framing: the page reads one document of its own origin.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

void serve(const DocumentationFile& file, const ApiRequest& request, Reply reply) {
    const std::string tag = "\"" + std::string(kOpenApiId) + "\"";
    net::HttpResponse out{
        200, {{"ETag", tag}, {"Cache-Control", "no-cache"}, {"X-Content-Type-Options", "nosniff"}}, {}};
    if (request.http.header("If-None-Match").find(tag) != std::string_view::npos) {
        out.status = 304;
        return std::move(reply).response(std::move(out));
    }
    out.headers.push_back({"Content-Type", std::string(file.type)});
    if (file.type.starts_with("text/html")) out.headers.push_back({"Content-Security-Policy", std::string(kPolicy)});
    out.body = net::HttpBody::from_static(file.content);
    std::move(reply).response(std::move(out));
}

}  // namespace

std::string_view openapi_document() {
    return kFiles.front().content;
}

void add_documentation(Router& router) {
    for (const auto& file : kFiles)
        router.add({"GET",
                    file.path,
                    {},
                    [&file](const ApiRequest& request, Reply reply) { serve(file, request, std::move(reply)); },
                    ScopeRefusal::Forbidden,
                    ErrorStyle::Genesys,
                    RouteAccess::Open});
}

}  // namespace dp::api
