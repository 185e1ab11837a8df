#include "api/genesys/envelope.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace dp::api {

namespace json = boost::json;

json::object reference(std::string_view id, std::string_view name, std::string_view collection) {
    json::object out{{"id", id}};
    if (!name.empty()) out["name"] = name;
    out["selfUri"] = fmt::format("{}/{}", collection, id);
    return out;
}

json::object envelope(std::string_view id, std::string_view name, const telephony::EntityMeta& meta,
                      std::string_view collection) {
    json::object out{{"id", id}, {"name", name}};
    out["division"] = reference(meta.organization.str(), "Home", "/api/v2/authorization/divisions");
    out["version"] = meta.version;
    out["dateCreated"] = to_rfc3339(meta.created);
    out["dateModified"] = to_rfc3339(meta.modified);
    out["createdBy"] = meta.created_by;
    out["modifiedBy"] = meta.modified_by;
    out["state"] = "active";
    out["selfUri"] = fmt::format("{}/{}", collection, id);
    return out;
}

}  // namespace dp::api
