#pragma once
/// @file ResourceClient: the resources of the table over one session: read, list to the end, find, write with If-Match.
///
/// Blocking. Errors carry the server's sentence.

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/api_session.hpp"
#include "app/cli/resource_table.hpp"

namespace dp::app::cli {

using Filters = std::vector<std::pair<std::string, std::string>>;  ///< query parameters

enum class Applied { Created, Replaced, Unchanged };

class ResourceClient {
public:
    explicit ResourceClient(ApiSession& session) : session_(session) {}

    /// By id, else by the natural key (a number by its E.164 value, most others by name).
    Result<ApiAnswer> read(const ResourceKind& kind, std::string_view name);
    /// Every page.
    Result<boost::json::array> list(const ResourceKind& kind, const Filters& filters);
    /// Creates it, or replaces it with If-Match: the document's `version` if it has one, else the one just read. What
    /// the document says and is already so is left alone. Gives the id, too.
    Result<std::pair<Applied, std::string>> apply(const ResourceKind& kind, boost::json::object document);
    Result<ApiAnswer> remove(const ResourceKind& kind, std::string_view name);

private:
    Result<std::optional<ApiAnswer>> find(const ResourceKind& kind, std::string_view id, std::string_view key);
    Result<ApiAnswer> exchange(std::string_view method, const ResourceKind& kind, std::string_view id,
                               const std::string& body = {}, const ApiSession::Headers& headers = {});
    Result<std::string> path_to(const ResourceKind& kind, std::string_view id);
    Result<std::string> id_by_key(const ResourceKind& kind, std::string_view key);

    ApiSession& session_;
};

/// Is all that `said` says so in `live`? Members of objects that it leaves out do not matter, elements of arrays do.
bool holds(const boost::json::value& live, const boost::json::value& said);

}  // namespace dp::app::cli
