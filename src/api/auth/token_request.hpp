#pragma once
/// @file What the OAuth endpoints read from a request: the form, and who the client says it is. The secret comes as HTTP
/// Basic or in the form (seed 3 and seed 1 do one each), never both (RFC 6749 section 2.3).
///
/// Pure. Errors are RFC 6749 section 5.2 codes.

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_message.hpp"
#include "telephony/config/snapshot.hpp"

namespace dp::api {

struct OAuthError {
    int status = 400;
    std::string_view code;
    std::string description;
};

template <class T>
using OAuthResult = std::expected<T, OAuthError>;

inline std::unexpected<OAuthError> oauth_fail(std::string_view code, std::string description, int status = 400) {
    return std::unexpected(OAuthError{status, code, std::move(description)});
}

struct TokenRequest {
    std::vector<std::pair<std::string, std::string>> form;
    std::string client_id;
    std::optional<std::string> secret;

    /// First value of this name, empty when absent.
    std::string value(std::string_view name) const;
};

/// `invalid_request` for anything but one well-formed form without repeated parameters (RFC 6749 section 3.2).
OAuthResult<TokenRequest> read_token_request(const net::HttpRequest& request);

/// The enabled client whose secret this is; a public client comes without one. Unknown and wrong take the same time.
OAuthResult<telephony::Ptr<telephony::OAuthClient>> authenticated_client(const TokenRequest& request,
                                                                         const telephony::Snapshot& snapshot);

}  // namespace dp::api
