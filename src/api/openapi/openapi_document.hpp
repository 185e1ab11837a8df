#pragma once
/// @file The API's OpenAPI 3.1 document and the page that shows it, both inside the binary: /openapi.json,
/// /api/v2/docs/swagger and /docs/. Joined at build time from the fragments beside this file by tools/join_openapi.py;
/// a test holds it against the router. What a route asks of a caller's roles is written into it at start, from the
/// router itself: the served document says what the dispatcher checks.
///
/// Threads: constant data. Lifetime: the process's; the served document's, the router's.

#include <string>
#include <string_view>

#include "api/http/router.hpp"

namespace dp::api {

/// As joined.
std::string_view openapi_document();

/// As served: each operation with `x-inin-requires-permissions` as its route has them (any of).
std::string served_document(const Router& router);

/// Open to everybody: the document says nothing of this installation. After every other route.
void add_documentation(Router& router);

}  // namespace dp::api
