#pragma once
/// @file How an Error looks to each kind of client: the Genesys error body, OAuth 2.0's (RFC 6749 section 5.2), and the
/// telephony-configs family's `{"detail"}`.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/http_message.hpp"

namespace dp::api {

enum class ErrorStyle { Genesys, OAuth, Detail };

/// `message` stands alone: it names field and rule (client libraries show nothing else). `correlation` becomes
/// `contextId`.
net::HttpResponse error_response(const Error& error, ErrorStyle style, std::string_view correlation);

/// The same with a dotted code of its own, where a client looks at it (`missing.permissions`).
net::HttpResponse error_response(int status, std::string_view code, const Error& error, std::string_view correlation);

/// RFC 6749 section 5.2 error codes.
net::HttpResponse oauth_error(int status, std::string_view error, std::string_view description);

}  // namespace dp::api
