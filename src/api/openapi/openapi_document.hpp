#pragma once
/// @file The API's OpenAPI 3.1 document and the page that shows it, both inside the binary: /openapi.json,
/// /api/v2/docs/swagger and /docs/. Joined at build time from the fragments beside this file by tools/join_openapi.py;
/// a test holds it against the router.
///
/// Threads: constant data. Lifetime: the process's.

#include <string_view>

#include "api/http/router.hpp"

namespace dp::api {

std::string_view openapi_document();

/// Open to everybody: the document says nothing of this installation.
void add_documentation(Router& router);

}  // namespace dp::api
