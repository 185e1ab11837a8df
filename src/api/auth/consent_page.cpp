#include "api/auth/consent_page.hpp"

#include <fmt/format.h>

#include "api/auth/scopes.hpp"

namespace dp::api {
namespace {

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}"
    "input{font:inherit;width:100%;box-sizing:border-box;margin:.25rem 0 1rem;padding:.5rem}"
    "button{font:inherit;padding:.5rem 1.25rem;margin-right:.5rem}.problem{border-left:4px solid "
    "#c33;padding-left:1rem}";

// A form's answer may redirect to the application: browsers hold form-action against that too.
std::string form_targets(std::string_view redirect_uri) {
    const auto colon = redirect_uri.find(':');
    if (colon == std::string_view::npos) return "'self'";
    const auto scheme = redirect_uri.substr(0, colon);
    if (scheme != "http" && scheme != "https") return fmt::format("'self' {}:", scheme);
    const auto host = redirect_uri.find_first_of("/?#", colon + 3);
    const auto origin = redirect_uri.substr(0, host);
    const bool plain = origin.find_first_of(" ;,'\"<>@") == std::string_view::npos;
    return plain ? fmt::format("'self' {}", origin) : "'self'";
}

net::HttpResponse html(int status, std::string_view form_action, std::string_view body, std::string_view head = {}) {
    return {status,
            {{"Content-Type", "text/html; charset=utf-8"},
             {"Cache-Control", "no-store"},
             {"Referrer-Policy", "no-referrer"},
             {"X-Content-Type-Options", "nosniff"},
             {"X-Frame-Options", "DENY"},
             {"Content-Security-Policy",
              fmt::format("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
                          "form-action {}",
                          form_action)}},
            fmt::format("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                        "content=\"width=device-width\"><title>Dialplane</title>{}<style>{}</style></head>"
                        "<body><main>{}</main></body></html>",
                        head, kStyle, body)};
}

std::string description_of(std::string_view scope) {
    for (const auto& known : known_scopes())
        if (known.name == scope) return std::string(known.description);
    return std::string(scope);
}

}  // namespace

std::string html_escaped(std::string_view text) {
    std::string out;
    for (char c : text) switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    return out;
}

net::HttpResponse consent_page(int status, const ConsentPage& page) {
    std::string body =
        fmt::format("<h1>{} asks for access</h1><p>It will be able to:</p><ul>", html_escaped(page.application));
    for (const auto& scope : page.scopes)
        body +=
            fmt::format("<li>{} <small>({})</small></li>", html_escaped(description_of(scope)), html_escaped(scope));
    body += "</ul>";
    if (!page.problem.empty())
        body += fmt::format("<p class=\"problem\" role=\"alert\">{}</p>", html_escaped(page.problem));
    body += "<form method=\"post\" action=\"/oauth/authorize\">";
    for (const auto& [name, value] : page.request)
        body +=
            fmt::format("<input type=\"hidden\" name=\"{}\" value=\"{}\">", html_escaped(name), html_escaped(value));
    if (!page.signed_in)
        body +=
            "<label>User <input name=\"user\" autocomplete=\"username\" required></label><label>Password <input "
            "name=\"password\" type=\"password\" autocomplete=\"current-password\" required></label>";
    body +=
        "<button name=\"decision\" value=\"allow\">Allow</button><button name=\"decision\" value=\"deny\" "
        "formnovalidate>Deny</button></form>";
    return html(status, form_targets(page.redirect_uri), body);
}

net::HttpResponse refusal_page(std::string_view why) {
    return html(400, "'none'", fmt::format("<h1>This cannot be authorized</h1><p>{}</p>", html_escaped(why)));
}

net::HttpResponse hop_page(std::string_view uri) {
    return html(200, "'none'", fmt::format("<p><a href=\"{}\">Continue</a></p>", html_escaped(uri)),
                fmt::format("<meta http-equiv=\"refresh\" content=\"0;url={}\">", html_escaped(uri)));
}

}  // namespace dp::api
