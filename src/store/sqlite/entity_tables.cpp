#include "store/sqlite/entity_tables.hpp"

#include <fmt/format.h>

#include <array>

#include "base/ascii.hpp"
#include "telephony/trunks/trunk_account.hpp"

namespace dp::store::sqlite {
namespace {

namespace t = dp::telephony;
using Values = std::vector<std::optional<std::string>>;

std::optional<std::string> key(std::string value) {
    return value.empty() ? std::nullopt : std::optional(std::move(value));
}
template <class Tag>
std::optional<std::string> key(const StrongId<Tag>& id) {
    return key(id.str());
}

template <class T>
Values values_of(const T&) {
    return {};
}
Values values_of(const t::Organization& e) {
    return {key(ascii::lower(e.sip_domain))};
}
Values values_of(const t::Role& e) {
    return {key(e.name)};
}
Values values_of(const t::ApiKey& e) {
    return {key(e.key_sha256)};
}
Values values_of(const t::Site& e) {
    return {key(e.location)};
}
Values values_of(const t::User& e) {
    return {key(ascii::lower(e.email)), key(e.site)};
}
Values values_of(const t::ConsoleCredential& e) {
    return {key(e.login), key(e.user)};
}
Values values_of(const t::Phone& e) {
    return {key(e.site), key(e.base_settings), key(e.user), key(e.station), key(e.sip.username)};
}
Values values_of(const t::UserTelephonySettings& e) {
    return {key(e.web_rtc.network_config), key(e.sofia.network_config)};
}
Values values_of(const t::Trunk& e) {
    return {key(e.edge_group), key(e.sip_profile), key(ascii::lower(e.registration.host)),
            // '' would be no key, and two trunks without a user name at one host are duplicates too.
            e.registration.host.empty() ? std::nullopt : std::optional(e.registration.username),
            fmt::to_string(identifying_port(e.registration))};
}
Values values_of(const t::TelephonyConfiguration& e) {
    return {key(e.name), e.default_outbound ? key("outbound") : std::nullopt};
}
Values values_of(const t::Number& e) {
    return {is_live(e.state) ? key(e.e164) : std::nullopt, key(e.location)};
}

// Column list and parameter list: "a, b" and "?, ?".
std::string insert_text(const EntityTable& table) {
    std::string columns = "organization_id, id, version, created_at, modified_at, created_by, modified_by, doc";
    std::string marks = "?, ?, ?, ?, ?, ?, ?, ?";
    for (std::string_view column : table.keys) {
        columns.append(", ").append(column);
        marks.append(", ?");
    }
    return fmt::format("INSERT INTO {} ({}) VALUES ({})", table.name, columns, marks);
}

std::string update_text(const EntityTable& table) {
    std::string sets = "version = ?, modified_at = ?, modified_by = ?, doc = ?";
    for (std::string_view column : table.keys) sets.append(", ").append(column).append(" = ?");
    return fmt::format("UPDATE {} SET {} WHERE organization_id = ? AND id = ?", table.name, sets);
}

EntityTable make(std::string_view name, std::vector<std::string_view> keys, std::vector<UniqueRule> unique) {
    EntityTable table{.name = name,
                      .keys = std::move(keys),
                      .unique = std::move(unique),
                      .select_one = {},
                      .select_all = {},
                      .insert = {},
                      .update = {},
                      .remove = {}};
    constexpr std::string_view kRead = "version, created_at, created_by, modified_at, modified_by, doc";
    table.select_one = fmt::format("SELECT {} FROM {} WHERE organization_id = ? AND id = ?", kRead, name);
    table.select_all = fmt::format("SELECT organization_id, id, {} FROM {} ORDER BY organization_id, id", kRead, name);
    table.insert = insert_text(table);
    table.update = update_text(table);
    table.remove = fmt::format("DELETE FROM {} WHERE organization_id = ? AND id = ?", name);
    return table;
}

// In the order of EntityType.
const std::array<EntityTable, t::kEntityTypes>& tables() {
    static const std::array<EntityTable, t::kEntityTypes> kTables{
        make("organizations", {"sip_domain"},
             {{{"id"}, false, "The organization's id"}, {{"sip_domain"}, false, "The SIP domain"}}),
        make("roles", {"name"}, {{{"name"}, true, "The role's name"}}),
        make("oauth_clients", {}, {{{"id"}, false, "The client id"}}),
        make("api_keys", {"key_sha256"}, {{{"key_sha256"}, false, "The API key"}}),
        make("locations", {}, {}),
        make("network_configurations", {}, {}),
        make("media_regions", {}, {}),
        make("sites", {"location_id"}, {}),
        make("users", {"email", "site_id"}, {{{"email"}, true, "The e-mail address"}}),
        make("console_credentials", {"login", "user_id"}, {{{"login"}, false, "The login"}}),
        make("phone_base_settings", {}, {}),
        make("phones", {"site_id", "base_settings_id", "user_id", "station_id", "sip_username"},
             {{{"station_id"}, true, "The station"}, {{"sip_username"}, true, "The SIP user name"}}),
        make("user_settings", {"web_rtc_network_id", "sofia_network_id"}, {}),
        make("edge_groups", {}, {}),
        make("sip_profiles", {}, {}),
        make("trunks",
             {"edge_group_id", "sip_profile_id", "registration_host", "registration_username", "registration_port"},
             {{{"edge_group_id", "registration_host", "registration_username", "registration_port"},
               true,
               "The registration host and user name in this edge group"}}),
        make("queues", {}, {}),
        make("schedules", {}, {}),
        make("schedule_groups", {}, {}),
        make("call_flows", {}, {}),
        make("telephony_configurations", {"name", "default_for"},
             {{{"name"}, true, "The name"}, {{"default_for"}, true, "The default outbound configuration"}}),
        make("numbers", {"live_e164", "location_id"}, {{{"live_e164"}, true, "The number"}}),
        make("did_pools", {}, {}),
        make("extension_pools", {}, {}),
        make("webhooks", {}, {}),
    };
    return kTables;
}

}  // namespace

const EntityTable& table_of(t::EntityType type) {
    return tables()[static_cast<std::size_t>(type)];
}

std::vector<std::optional<std::string>> key_values(const t::Entity& entity) {
    return std::visit([](const auto& e) { return values_of(e); }, entity);
}

}  // namespace dp::store::sqlite
