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
        {"sites", {"site"}, "/api/v2/telephony/providers/edges/sites", {"name", "id", "location.id"}},
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

std::string item_path(const ResourceKind& kind, std::string_view id) {
    const auto encoded = net::percent_encode(id);
    if (kind.item.empty()) return fmt::format("{}/{}", kind.collection, encoded);
    std::string out(kind.item);
    return out.replace(out.find("{id}"), 4, encoded);
}

}  // namespace dp::app::cli
