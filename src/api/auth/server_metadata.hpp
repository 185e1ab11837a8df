#pragma once
/// @file /.well-known/oauth-authorization-server: what an OAuth client library needs to know of this server (RFC 8414),
/// open to everybody; and the name the server goes by, which the answer of an authorization repeats (RFC 9207).
///
/// API thread only.

#include <string>

#include "api/http/router.hpp"

namespace dp::api {

/// The setting `issuer`, else the address that the server is asked at.
std::string issuer_name(const std::string& configured, const net::HttpRequest& request);

/// `issuer`: as configured, or empty.
void add_server_metadata(Router& router, std::string issuer);

}  // namespace dp::api
