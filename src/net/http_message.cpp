#include "net/http_message.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace dp::net {
namespace {

int hex_value(char c) {
    if (ascii::is_digit(c)) return c - '0';
    const char lower = ascii::to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

enum class Plus { Literal, Space };

std::optional<std::string> decode(std::string_view text, Plus plus) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '+' && plus == Plus::Space) c = ' ';
        if (c == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            c = static_cast<char>(high << 4 | low);
            if (c == '\0') return std::nullopt;
            i += 2;
        }
        out += c;
    }
    return out;
}

struct Reason {
    int status;
    std::string_view phrase;
};
constexpr std::array kReasons{Reason{100, "Continue"},
                              Reason{101, "Switching Protocols"},
                              Reason{200, "OK"},
                              Reason{201, "Created"},
                              Reason{202, "Accepted"},
                              Reason{204, "No Content"},
                              Reason{206, "Partial Content"},
                              Reason{301, "Moved Permanently"},
                              Reason{302, "Found"},
                              Reason{303, "See Other"},
                              Reason{304, "Not Modified"},
                              Reason{307, "Temporary Redirect"},
                              Reason{308, "Permanent Redirect"},
                              Reason{400, "Bad Request"},
                              Reason{401, "Unauthorized"},
                              Reason{403, "Forbidden"},
                              Reason{404, "Not Found"},
                              Reason{405, "Method Not Allowed"},
                              Reason{406, "Not Acceptable"},
                              Reason{408, "Request Timeout"},
                              Reason{409, "Conflict"},
                              Reason{410, "Gone"},
                              Reason{411, "Length Required"},
                              Reason{412, "Precondition Failed"},
                              Reason{413, "Content Too Large"},
                              Reason{414, "URI Too Long"},
                              Reason{415, "Unsupported Media Type"},
                              Reason{416, "Range Not Satisfiable"},
                              Reason{417, "Expectation Failed"},
                              Reason{422, "Unprocessable Content"},
                              Reason{426, "Upgrade Required"},
                              Reason{428, "Precondition Required"},
                              Reason{429, "Too Many Requests"},
                              Reason{431, "Request Header Fields Too Large"},
                              Reason{500, "Internal Server Error"},
                              Reason{501, "Not Implemented"},
                              Reason{502, "Bad Gateway"},
                              Reason{503, "Service Unavailable"},
                              Reason{504, "Gateway Timeout"},
                              Reason{505, "HTTP Version Not Supported"},
                              Reason{507, "Insufficient Storage"}};

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
    const auto found =
        std::ranges::find_if(headers, [name](const HttpHeader& h) { return ascii::iequals(h.name, name); });
    return found == headers.end() ? std::string_view{} : std::string_view(found->value);
}

bool HttpRequest::has_header(std::string_view name) const {
    return std::ranges::any_of(headers, [name](const HttpHeader& h) { return ascii::iequals(h.name, name); });
}

std::optional<std::string_view> HttpRequest::query_value(std::string_view key) const {
    const auto found = std::ranges::find_if(query, [key](const auto& pair) { return pair.first == key; });
    if (found == query.end()) return std::nullopt;
    return found->second;
}

std::vector<std::string_view> HttpRequest::websocket_protocols() const {
    std::vector<std::string_view> out;
    for (const auto& h : headers) {
        if (!ascii::iequals(h.name, "Sec-WebSocket-Protocol")) continue;
        for (const auto part : ascii::split(h.value, ','))
            if (const auto name = ascii::trim(part); !name.empty()) out.push_back(name);
    }
    return out;
}

HttpBody HttpBody::from_static(std::string_view bytes) {
    HttpBody out;
    out.shared_ = bytes.data() ? bytes : std::string_view("");
    return out;
}

HttpResponse plain_response(int status, std::string text) {
    return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

std::string_view reason_phrase(int status) {
    const auto found = std::ranges::lower_bound(kReasons, status, {}, &Reason::status);
    return found != kReasons.end() && found->status == status ? found->phrase : "Unknown";
}

std::optional<std::string> percent_decode(std::string_view text) {
    return decode(text, Plus::Literal);
}

std::string percent_encode(std::string_view text) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            out += c;
            continue;
        }
        const auto octet = static_cast<std::uint8_t>(c);
        out += {'%', kDigits[octet >> 4], kDigits[octet & 15U]};
    }
    return out;
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> out;
    while (!text.empty()) {
        const auto end = std::min(text.find('&'), text.size());
        const std::string_view pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        auto key = decode(pair.substr(0, equals), Plus::Space);
        auto value = decode(pair.substr(std::min(equals + 1, pair.size())), Plus::Space);
        if (!key || !value) return std::nullopt;
        out.emplace_back(std::move(*key), std::move(*value));
    }
    return out;
}

}  // namespace dp::net
