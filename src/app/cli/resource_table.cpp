#include "app/cli/resource_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "net/http_message.hpp"

namespace dp::app::cli {

const std::vector<ResourceKind>& resource_kinds() {
    static const std::vector<ResourceKind> kinds{
        {"numbers",
         {"number"},
         "/api/v2/telephony/phone/numbers",
         {"number", "id", "state", "routing.type", "routing.id", "routing.callflowId", "providerId"},
         "number"},
        {"didpools",
         {"didpool"},
         "/api/v2/telephony/providers/edges/didpools",
         {"name", "id", "startPhoneNumber", "endPhoneNumber", "provider"}},
        {"edges",
         {"edge", "trunks", "trunk"},
         "/api/v2/telephony/providers/edges",
         {"name", "id", "registrationState", "health", "conversationCount", "registration.host"}},
        {"edgegroups", {"edgegroup"}, "/api/v2/telephony/providers/edges/edgegroups", {"name", "id"}},
        {"sipprofiles", {"sipprofile"}, "/api/v2/telephony/providers/sipprofiles", {"name", "id", "codecs"}},
        {"users", {"user"}, "/api/v2/users", {"name", "id", "email"}},
        {"settings",
         {"usersettings"},
         "",
         {"webRtc.enabled", "sofia.enabled"},
         "",
         "",
         "/api/v2/telephony/users/{id}/settings"},
        {"trunkbases",
         {"trunkbase", "trunkbasesettings"},
         "/api/v2/telephony/providers/edges/trunkbasesettings",
         {"name", "id", "trunkType", "state"}},
        {"queues",
         {"queue"},
         "/api/v2/routing/queues",
         {"name", "id", "memberCount", "mediaSettings.call.alertingTimeoutSeconds"}},
        {"flows", {"flow"}, "/api/v2/flows", {"name", "id", "type", "active"}},
        {"schedules", {"schedule"}, "/api/v2/architect/schedules", {"name", "id", "start", "end", "rrule"}},
        {"schedulegroups", {"schedulegroup"}, "/api/v2/architect/schedulegroups", {"name", "id", "timeZone"}},
        {"sites", {"site"}, "/api/v2/telephony/providers/edges/sites", {"name", "id", "location.id"}},
        {"mediaregions",
         {"mediaregion", "regions"},
         "/api/v2/telephony/mediaregions",
         {"name", "id", "tier", "servers", "roundTripMs"}},
        {"outboundroutes",
         {"outboundroute"},
         "/api/v2/telephony/providers/edges/outboundroutes",
         {"name", "id", "site.id", "classificationTypes", "enabled", "distribution"},
         "name",
         "entities",
         "/api/v2/telephony/providers/edges/sites/{owner}/outboundroutes/{id}",
         "site.id"},
        {"phones",
         {"phone"},
         "/api/v2/telephony/providers/edges/phones",
         {"name", "id", "site.id", "phoneBaseSettings.id", "webRtcUser.id"}},
        {"basesettings",
         {"basesetting", "phonebasesettings"},
         "/api/v2/telephony/providers/edges/phonebasesettings",
         {"name", "id"}},
        {"stations", {"station"}, "/api/v2/stations", {"name", "id", "registrationState", "userId"}},
        {"networkconfigurations",
         {"networkconfiguration", "networkconfigs"},
         "/api/v2/telephony/networkconfigurations",
         {"name", "id"}},
        {"locations", {"location"}, "/api/v2/locations", {"name", "id"}},
        {"conversations",
         {"conversation", "calls"},
         "/api/v2/conversations",
         {"id", "status", "reason", "startTime"},
         ""},
        {"configs",
         {"config", "telephony-configs"},
         "/organizations/telephony-configs",
         {"name", "id", "provider", "phone_number_count", "is_default_outbound", "inactive"},
         "name",
         "configurations"},
        {"webhooks",
         {"webhook"},
         "/api/v2/webhooks",
         {"name", "id", "enabled", "targetUri", "eventType", "filterCriteria"}},
        {"roles", {"role"}, "/api/v2/authorization/roles", {"name", "id", "userCount"}},
        {"clients",
         {"client", "oauthclients"},
         "/api/v2/oauth/clients",
         {"name", "id", "authorizedGrantType", "scope"}},
        {"apikeys", {"apikey"}, "/api/v2/apikeys", {"name", "id"}},
    };
    return kinds;
}

Result<const ResourceKind*> resource_kind(std::string_view name) {
    const auto wanted = ascii::lower(name);
    std::vector<std::string_view> names;
    for (const auto& kind : resource_kinds()) {
        if (kind.name == wanted || std::ranges::find(kind.aliases, wanted) != kind.aliases.end()) return &kind;
        names.push_back(kind.name);
    }
    return fail(ErrorCode::InvalidValue,
                fmt::format("There is no resource {}: it must be one of {}.", name, fmt::join(names, ", ")),
                "resource");
}

namespace {

std::string filled(std::string path, std::string_view name, std::string_view value) {
    const auto at = path.find(name);
    return at == std::string::npos ? path : path.replace(at, name.size(), net::percent_encode(value));
}

}  // namespace

std::string item_path(const ResourceKind& kind, std::string_view id, std::string_view owner) {
    const std::string path = kind.item.empty() ? std::string(kind.collection) + "/{id}" : std::string(kind.item);
    return filled(filled(path, "{owner}", owner), "{id}", id);
}

std::string creation_path(const ResourceKind& kind, std::string_view owner) {
    if (kind.owner.empty()) return std::string(kind.collection);
    return filled(std::string(kind.item.substr(0, kind.item.rfind('/'))), "{owner}", owner);
}

}  // namespace dp::app::cli
