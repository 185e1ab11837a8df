#pragma once
/// @file HTTP requests and responses as values (RFC 9110, RFC 9112).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/endpoint.hpp"
#include "base/result.hpp"

namespace dp::net {

struct HttpHeader {
    std::string name;
    std::string value;
};

struct HttpRequest {
    std::string method;  ///< as sent; case-sensitive
    std::string target;  ///< as sent
    std::string path;    ///< of the target, not decoded: split at '/', then percent_decode
    std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order, `+` as space
    std::vector<HttpHeader> headers;                         ///< in order, names as sent
    std::string body;
    Endpoint remote;
    Endpoint local;
    std::uint64_t id = 0;  ///< unique in this process
    bool is_tls = false;
    bool is_websocket_upgrade = false;  ///< a complete RFC 6455 4.2.1 handshake

    /// First header of this name (any case), trimmed; empty when absent.
    std::string_view header(std::string_view name) const;
    bool has_header(std::string_view name) const;
    /// First query value of this key.
    std::optional<std::string_view> query_value(std::string_view key) const;
    /// Sub-protocols the client offers, in its order (Sec-WebSocket-Protocol).
    std::vector<std::string_view> websocket_protocols() const;
};

/// Response octets: owned, shared between responses, or static (embedded assets).
class HttpBody {
public:
    HttpBody() = default;
    HttpBody(std::string owned) : owned_(std::move(owned)) {}  // NOLINT: a value of either kind
    HttpBody(const char* text) : owned_(text) {}               // NOLINT
    HttpBody(std::shared_ptr<const std::string> shared) : shared_(*shared), keeper_(std::move(shared)) {}  // NOLINT
    /// `bytes` must live as long as the program.
    static HttpBody from_static(std::string_view bytes);

    std::string_view view() const { return shared_.data() ? shared_ : std::string_view(owned_); }
    std::size_t size() const { return view().size(); }

private:
    friend struct HttpBodyAccess;
    std::string owned_;
    std::string_view shared_;
    std::shared_ptr<const void> keeper_;
};

struct HttpResponse {
    int status = 200;
    /// Content-Length, Transfer-Encoding, Connection and Date are the server's business. A CR, LF or NUL in a value
    /// makes the answer a 500: no text of ours or of a peer can start a header of its own.
    std::vector<HttpHeader> headers{};
    HttpBody body{};
};

/// `text/plain` with this body.
HttpResponse plain_response(int status, std::string text);
std::string_view reason_phrase(int status);

/// RFC 3986 section 2.1; nothing on a malformed escape or a decoded NUL.
std::optional<std::string> percent_decode(std::string_view text);
std::string percent_encode(std::string_view text);  ///< all but unreserved characters
/// `application/x-www-form-urlencoded` pairs; nothing on a malformed escape.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text);

}  // namespace dp::net
