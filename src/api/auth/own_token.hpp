#pragma once
/// @file /api/v2/tokens/me: what the token at hand is (GET, HEAD), and its end (DELETE), which takes along what was issued
/// with it. API thread only. Source: genesys-api 1.1 "token check / logout".

#include "api/auth/token_issuer.hpp"
#include "api/http/router.hpp"

namespace dp::api {

/// `issuer` and `grants` outlive the router.
void add_own_token(Router& router, TokenIssuer& issuer, const GrantTable& grants);

}  // namespace dp::api
