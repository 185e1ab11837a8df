#include "api/ui/ui_assets.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/ascii.hpp"

namespace dp::api {

namespace {

constexpr std::string_view kRoot = "/ui";
constexpr std::string_view kPage = "index.html";
constexpr std::string_view kHashed = "assets/";
constexpr std::string_view kImmutable = "public, max-age=31536000, immutable";

enum class Coding { Brotli, Gzip, Plain };

std::string_view cut(std::string_view& rest, char separator) {
    const auto at = rest.find(separator);
    const std::string_view head = rest.substr(0, at);
    rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
    return ascii::trim(head);
}

/// RFC 9110 12.4.2: a weight is 0 to 1 with up to three decimals; only "is it zero" matters here.
bool weight_is_zero(std::string_view parameters) {
    while (!parameters.empty()) {
        const std::string_view parameter = cut(parameters, ';');
        if (parameter.size() < 3 || (parameter[0] != 'q' && parameter[0] != 'Q') || parameter[1] != '=') continue;
        return parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
    }
    return false;
}

/// RFC 9110 12.5.3. The member that names the coding decides; "*" stands for those not named; plain ("identity") is
/// acceptable unless refused.
bool accepts(std::string_view accept_encoding, std::string_view coding) {
    bool fallback = coding == "identity";
    while (!accept_encoding.empty()) {
        std::string_view member = cut(accept_encoding, ',');
        const std::string_view name = cut(member, ';');
        if (ascii::iequals(name, coding)) return !weight_is_zero(member);
        if (name == "*") fallback = !weight_is_zero(member);
    }
    return fallback;
}

std::optional<Coding> choose(const UiFile& file, std::optional<std::string_view> accept_encoding) {
    // No header at all is a tool rather than a browser: it gets what it can read where there is such a form.
    if (!accept_encoding) return file.plain.empty() ? Coding::Gzip : Coding::Plain;
    if (accepts(*accept_encoding, "br")) return Coding::Brotli;
    if (accepts(*accept_encoding, "gzip")) return Coding::Gzip;
    if (!file.plain.empty() && accepts(*accept_encoding, "identity")) return Coding::Plain;
    return std::nullopt;
}

std::string_view name_of(Coding coding) {
    switch (coding) {
        case Coding::Brotli:
            return "br";
        case Coding::Gzip:
            return "gzip";
        case Coding::Plain:
            break;
    }
    return {};
}

std::span<const std::byte> bytes_of(const UiFile& file, Coding coding) {
    switch (coding) {
        case Coding::Brotli:
            return file.brotli;
        case Coding::Gzip:
            return file.gzip;
        case Coding::Plain:
            break;
    }
    return file.plain;
}

/// A strong validator names one representation, so each coding has its own (RFC 9110 8.8.3.3).
std::string etag_of(const UiFile& file, Coding coding) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    std::string tag = "\"";
    for (const std::byte byte : file.digest) {
        const auto value = std::to_integer<unsigned>(byte);
        tag += kHex[value >> 4];
        tag += kHex[value & 15];
    }
    if (coding != Coding::Plain) tag.append("-").append(name_of(coding));
    return tag + '"';
}

/// RFC 9110 13.1.2: weak comparison, so a W/ added by a proxy still matches.
bool matches(std::string_view if_none_match, std::string_view etag) {
    while (!if_none_match.empty()) {
        std::string_view candidate = cut(if_none_match, ',');
        if (candidate == "*") return true;
        if (candidate.starts_with("W/")) candidate.remove_prefix(2);
        if (candidate == etag) return true;
    }
    return false;
}

UiResponse refuse(int status, std::string_view sentence) {
    UiResponse response{.status = status, .headers = {{"Content-Type", "text/plain; charset=utf-8"}}, .body = {}};
    const auto security = ui_security_headers();
    response.headers.insert(response.headers.end(), security.begin(), security.end());
    response.headers.push_back({"Cache-Control", "no-store"});
    response.body = std::as_bytes(std::span(sentence));
    return response;
}

UiResponse serve(const UiFile& file, const UiRequest& request) {
    const auto coding = choose(file, request.accept_encoding);
    if (!coding) return refuse(406, "This file is served with Content-Encoding br or gzip only.\n");
    const std::string etag = etag_of(file, *coding);
    UiResponse response;
    const auto security = ui_security_headers();
    response.headers.assign(security.begin(), security.end());
    response.headers.push_back(
        {"Cache-Control", std::string(file.path.starts_with(kHashed) ? kImmutable : "no-cache")});
    response.headers.push_back({"ETag", etag});
    response.headers.push_back({"Vary", "Accept-Encoding"});
    if (matches(request.if_none_match, etag)) {
        response.status = 304;
        return response;
    }
    response.headers.push_back({"Content-Type", std::string(file.type)});
    if (*coding != Coding::Plain) response.headers.push_back({"Content-Encoding", std::string(name_of(*coding))});
    response.body = bytes_of(file, *coding);
    return response;
}

/// "" for /ui and /ui/, else what follows.
std::string_view below_root(std::string_view path) {
    path.remove_prefix(kRoot.size());
    if (path.starts_with('/')) path.remove_prefix(1);
    return path;
}

}  // namespace

std::string_view UiResponse::header(std::string_view name) const {
    for (const UiHeader& header : headers) {
        if (header.name == name) return header.value;
    }
    return {};
}

bool UiAssets::owns(std::string_view path) {
    return path == kRoot || path.starts_with("/ui/");
}

UiResponse UiAssets::lookup(const UiRequest& request) const {
    if (!owns(request.path)) return refuse(404, "Not found.\n");
    if (request.method != "GET" && request.method != "HEAD") {
        UiResponse response = refuse(405, "Only GET and HEAD are answered here.\n");
        response.headers.push_back({"Allow", "GET, HEAD"});
        return response;
    }
    const std::string_view path = below_root(request.path);
    if (const UiFile* file = pack_.find(path); file && path != kPage) return serve(*file, request);
    const bool wants_page = path.empty() || path == kPage || request.accept.find("text/html") != std::string_view::npos;
    const UiFile* page = pack_.find(kPage);
    if (path.starts_with(kHashed) || !wants_page || !page) return refuse(404, "Not found.\n");
    return serve(*page, request);
}

const UiAssets& embedded_ui() {
    static const UiAssets assets = [] {
        auto pack = UiPack::open(embedded_ui_bytes());
        if (!pack) {
            std::fprintf(stderr, "dialplane: %s\n", pack.error().detail.c_str());
            std::abort();
        }
        return UiAssets(std::move(*pack));
    }();
    return assets;
}

std::span<const UiHeader> ui_security_headers() {
    static const std::array<UiHeader, 5> headers{{
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src "
         "'self'; "
         "media-src 'self' blob:; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
         "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types dialplane"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Permissions-Policy", "microphone=(self), speaker-selection=(self), hid=(self), camera=(), geolocation=()"},
    }};
    return headers;
}

}  // namespace dp::api
