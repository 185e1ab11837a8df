#pragma once
/// @file Which permissions a route asks for: one table for the whole API, by method and longest path prefix, so that
/// who may do what is read in one place and a new route below a known path is never open by oversight.
///
/// Pure. Source: genesys-api section 3 ("Real permissions are a second axis"), seed 0 "UI Permissions".

#include <string>
#include <string_view>
#include <vector>

namespace dp::api {

/// Any of; empty: whoever has a valid credential. A path that no row covers asks for `telephony:plugin:all`.
std::vector<std::string> route_permissions(std::string_view method, std::string_view path);

}  // namespace dp::api
