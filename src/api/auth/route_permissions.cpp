#include "api/auth/route_permissions.hpp"

#include <algorithm>

namespace dp::api {
namespace {

using Permissions = std::vector<std::string>;

constexpr std::string_view kPlugin = "telephony:plugin:all";

struct Row {
    std::string_view prefix;
    Permissions view{};
    Permissions add{};
    Permissions edit{};
    Permissions remove{};
};

Row open_row(std::string_view prefix) {
    return {prefix};
}

/// `entity:view` to read, `entity:edit` for every change; who may edit may look; Telephony > Plugin > All does both.
Row view_edit(std::string_view prefix, const std::string& entity) {
    const Permissions edit{entity + ":edit", std::string(kPlugin)};
    return {prefix, {entity + ":view", entity + ":edit", std::string(kPlugin)}, edit, edit, edit};
}

/// An action of its own for each.
Row four_actions(std::string_view prefix, const std::string& entity) {
    return {prefix, {entity + ":view"}, {entity + ":add"}, {entity + ":edit"}, {entity + ":delete"}};
}

/// Reading, whatever the method (queries are POSTs).
Row reading(std::string_view prefix, const Permissions& any_of) {
    return {prefix, any_of, any_of, any_of, any_of};
}

const std::vector<Row>& rows() {
    static const Permissions kPlace{"conversation:call:add", "conversation:agentlessCall:add"};
    static const Permissions kControl{"conversation:call:edit", "conversation:call:add",
                                      "conversation:agentlessCall:add"};
    static const Permissions kLook{"conversation:communication:view", "conversation:call:view", "conversation:call:add",
                                   "conversation:agentlessCall:add"};
    static const std::vector<Row> kRows{
        view_edit("/api/v1/organizations", "telephony:telephonyConfig"),
        reading("/api/v2/analytics", {"analytics:conversationDetail:view"}),
        reading("/api/v2/analytics/events", {"analytics:event:view", "audits:audit:view"}),
        four_actions("/api/v2/apikeys", "oauth:apiKey"),
        four_actions("/api/v2/architect", "architect:flow"),
        reading("/api/v2/audits", {"audits:audit:view"}),
        {"/api/v2/audits/erase", {}, {"directory:user:delete"}, {}, {}},
        four_actions("/api/v2/authorization/roles", "authorization:role"),
        {"/api/v2/authorization/roles/{roleId}",
         {"authorization:role:view"},
         {"authorization:grant:add"},
         {"authorization:role:edit"},
         {"authorization:role:delete"}},
        {"/api/v2/authorization/roles/{roleId}/users",
         {"authorization:role:view"},
         {"authorization:grant:add"},
         {"authorization:grant:add"},
         {"authorization:grant:delete"}},
        {"/api/v2/authorization/roles/{roleId}/users/remove", {}, {}, {"authorization:grant:delete"}, {}},
        {"/api/v2/authorization/subjects",
         {"authorization:grant:view"},
         {"authorization:grant:add"},
         {"authorization:grant:add"},
         {"authorization:grant:delete"}},
        {"/api/v2/authorization/subjects/{subjectId}/bulkremove", {}, {"authorization:grant:delete"}, {}, {}},
        open_row("/api/v2/authorization/subjects/me"),
        open_row("/api/v2/authorization/divisions"),
        open_row("/api/v2/authorization/permissions"),
        open_row("/api/v2/authorization/products"),
        {"/api/v2/conversations", kLook, kControl, kControl, kControl},
        {"/api/v2/conversations/calls", kLook, kPlace, kControl, kControl},
        {"/api/v2/conversations/calls/{conversationId}", kLook, kControl, kControl, kControl},
        reading("/api/v2/events", {"analytics:event:view", "audits:audit:view"}),
        four_actions("/api/v2/flows", "architect:flow"),
        view_edit("/api/v2/locations", "telephony:location"),
        open_row("/api/v2/notifications"),
        four_actions("/api/v2/oauth/clients", "oauth:client"),
        {"/api/v2/oauth/clients/{clientId}/secret", {}, {"oauth:client:edit"}, {}, {}},
        open_row("/api/v2/oauth/scopes"),
        {"/api/v2/organizations/me", {}, {}, {std::string(kPlugin)}, {}},
        four_actions("/api/v2/routing/queues", "routing:queue"),
        open_row("/api/v2/sandbox"),
        reading("/api/v2/sandbox/storefaults", {std::string(kPlugin)}),
        view_edit("/api/v2/stations", "telephony:station"),
        view_edit("/api/v2/telephony/phone/numbers", "telephony:phoneNumber"),
        view_edit("/api/v2/telephony/mediaregions", "telephony:sites"),
        {"/api/v2/telephony/phones/me",
         {"telephony:phone:view"},
         {"telephony:phone:view"},
         {"telephony:phone:view"},
         {}},
        view_edit("/api/v2/telephony/providers/edges", "telephony:edge"),
        view_edit("/api/v2/telephony/providers/edges/phonebasesettings", "telephony:phone"),
        view_edit("/api/v2/telephony/providers/edges/phones", "telephony:phone"),
        view_edit("/api/v2/telephony/providers/edges/sites", "telephony:sites"),
        view_edit("/api/v2/telephony/providers/edges/dids", "telephony:phoneNumber"),
        view_edit("/api/v2/telephony/providers/edges/didpools", "telephony:phoneNumber"),
        view_edit("/api/v2/telephony/providers/sipprofiles", "telephony:edge"),
        reading("/api/v2/telephony/routing",
                {"telephony:phoneNumber:view", "telephony:phoneNumber:edit", std::string(kPlugin)}),
        view_edit("/api/v2/telephony/users", "telephony:userTelephonySettings"),
        {"/api/v2/telephony/networkconfigurations",
         {"telephony:webRtcProvider:view", "telephony:userTelephonySettings:view",
          "telephony:userTelephonySettings:edit", std::string(kPlugin)},
         {"telephony:userTelephonySettings:edit", std::string(kPlugin)},
         {"telephony:userTelephonySettings:edit", std::string(kPlugin)},
         {"telephony:userTelephonySettings:edit", std::string(kPlugin)}},
        reading("/api/v2/telephony/diagnostics", {"telephony:webRtcProvider:view", std::string(kPlugin)}),
        open_row("/api/v2/tokens/me"),
        four_actions("/api/v2/users", "directory:user"),
        open_row("/api/v2/users/me"),
        {"/api/v2/users/{userId}/roles", {"authorization:grant:view"}, {}, {"authorization:grant:add"}, {}},
        {"/api/v2/users/{userId}/station",
         {"telephony:station:view", "telephony:station:edit", std::string(kPlugin)},
         {},
         {"telephony:station:view", "telephony:station:edit", std::string(kPlugin)},
         {"telephony:station:view", "telephony:station:edit", std::string(kPlugin)}},
        four_actions("/api/v2/webhooks", "integrations:webhook"),
        view_edit("/organizations", "telephony:telephonyConfig"),
    };
    return kRows;
}

bool is_below(std::string_view path, std::string_view prefix) {
    return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace

std::vector<std::string> route_permissions(std::string_view method, std::string_view path) {
    const Row* best = nullptr;
    for (const auto& row : rows())
        if (is_below(path, row.prefix) && (!best || row.prefix.size() > best->prefix.size())) best = &row;
    if (!best) return {std::string(kPlugin)};
    if (method == "POST") return best->add;
    if (method == "PUT" || method == "PATCH") return best->edit;
    if (method == "DELETE") return best->remove;
    return best->view;
}

}  // namespace dp::api
