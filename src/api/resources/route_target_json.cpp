#include "api/resources/route_target_json.hpp"

namespace dp::api {

boost::json::object target_json(const telephony::RouteTarget& target) {
    return {{"type", telephony::to_string(target.kind)}, {"id", target.id}};
}

std::optional<telephony::RouteTarget> read_target(JsonReader& body, std::string_view name) {
    auto* target = body.object(name);
    if (target == nullptr) return std::nullopt;
    telephony::RouteTarget out;
    const auto type = target->required_text("type", 16);
    if (const auto kind = telephony::routing_kind_from(type))
        out.kind = *kind;
    else if (!type.empty())
        target->refuse("type", "must be user, queue or callflow");
    out.id = target->required_text("id", 64);
    target->ignore({"name", "displayName", "selfUri"});
    return out;
}

}  // namespace dp::api
