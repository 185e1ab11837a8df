/// @file /api/v2/organizations/me and /api/v2/telephony/settings: the organization in the real API's shape, and what
/// holds for every phone of it (seed 2, "Global Telephony Settings"; the real API has the default site and country in
/// organizations/me). Two views of one entity.
#include "api/resources/entity_routes.hpp"
#include "api/resources/phone_views.hpp"
#include "api/resources/resources.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::Organization;
using telephony::OrganizationConfig;

namespace {

constexpr std::string_view kMe = "/api/v2/organizations/me";
constexpr std::string_view kSettings = "/api/v2/telephony/settings";
constexpr std::string_view kSites = "/api/v2/telephony/providers/edges/sites";
constexpr std::size_t kMaxEmergencyNumbers = 32;
constexpr std::size_t kLongestEmergencyNumber = 16;

using ToJson = json::object (*)(const OrganizationConfig&);
using Fill = void (*)(JsonReader&, Organization&);

json::object organization_json(const OrganizationConfig& config) {
    const auto& organization = config.organization();
    auto out = envelope(organization.id.str(), organization.name, organization.meta, "/api/v2/organizations");
    out["domain"] = organization.sip_domain;
    out["defaultCountryCode"] = organization.default_country_code;
    out["defaultSiteId"] = organization.default_site.str();
    out["selfUri"] = kMe;
    return out;
}

json::object settings_json(const OrganizationConfig& config) {
    const auto& organization = config.organization();
    json::array emergency;
    for (const auto& number : organization.emergency_numbers) emergency.emplace_back(number);
    const auto& site = config.site(organization.default_site);
    json::object out{{"version", organization.meta.version},
                     {"dateModified", to_rfc3339(organization.meta.modified)},
                     {"defaultCountryCode", organization.default_country_code},
                     {"emergencyNumbers", std::move(emergency)},
                     {"webRtcForceTurn", organization.web_rtc_force_turn},
                     {"selfUri", kSettings}};
    if (site) out["defaultSite"] = reference(site->id.str(), site->name, kSites);
    return out;
}

void fill_country(JsonReader& body, Organization& organization) {
    auto country = body.text("defaultCountryCode", 2);
    if (!country) return;
    const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (country->size() != 2 || !std::ranges::all_of(*country, is_capital))
        return body.refuse("defaultCountryCode", "must be two capital letters (ISO 3166-1)");
    organization.default_country_code = std::move(*country);
}

void fill_organization(JsonReader& body, Organization& organization) {
    body.ignore({"domain"});
    if (auto name = body.text("name")) organization.name = std::move(*name);
    fill_country(body, organization);
    if (auto site = body.text("defaultSiteId", 64)) organization.default_site = telephony::SiteId(std::move(*site));
}

/// Emergency calls are known by these before any rule: an organization is never without.
void fill_emergency_numbers(JsonReader& body, Organization& organization) {
    auto numbers = body.texts("emergencyNumbers", kMaxEmergencyNumbers, kLongestEmergencyNumber);
    if (!numbers) return;
    const auto is_number = [](const std::string& text) {
        return text.size() >= 2 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    };
    if (numbers->empty() || !std::ranges::all_of(*numbers, is_number))
        return body.refuse("emergencyNumbers", "must be numbers of 2 to 16 digits, at least one");
    organization.emergency_numbers = std::move(*numbers);
}

void fill_settings(JsonReader& body, Organization& organization) {
    fill_country(body, organization);
    fill_emergency_numbers(body, organization);
    if (auto force = body.boolean("webRtcForceTurn")) organization.web_rtc_force_turn = *force;
    if (auto* site = body.object("defaultSite")) {
        organization.default_site = telephony::SiteId(site->required_text("id", 64));
        site->ignore({"name", "selfUri"});
    }
}

void reply_with(Reply reply, ToJson to_json, const OrganizationConfig& config) {
    reply.add_header("ETag", "\"" + std::to_string(config.organization().meta.version) + "\"");
    std::move(reply).json(200, to_json(config));
}

/// Absent fields stay.
void replace(ApiContext& context, const ApiRequest& request, Reply reply, ToJson to_json, Fill fill) {
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    auto version = expected_version(request, **body);
    if (!version) return std::move(reply).error(version.error());
    Organization organization = request.config().organization();
    organization.meta.organization = organization.id;
    (*body)->ignore(kEnvelopeFields);
    fill(**body, organization);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    const auto id = organization.id;
    context.configuration.replace(write_context(request, context.clock), std::move(organization), *version,
                                  context.executor,
                                  [reply = std::move(reply), id, to_json](Result<telephony::Committed> done) mutable {
                                      if (!done) return std::move(reply).error(done.error());
                                      reply_with(std::move(reply), to_json, *done->snapshot->organization(id));
                                  });
}

void add_view(Router& router, ApiContext& context, std::string_view path, const Scopes& read, const Scopes& write,
              ToJson to_json, Fill fill) {
    router.add({"GET", path, read, [to_json](ApiRequest request, Reply reply) {
                    reply_with(std::move(reply), to_json, request.config());
                }});
    router.add({"PUT", path, write, [&context, to_json, fill](ApiRequest request, Reply reply) {
                    replace(context, request, std::move(reply), to_json, fill);
                }});
}

}  // namespace

void add_organization(Router& router, ApiContext& context) {
    add_view(router, context, kMe, {}, {"organization", "telephony"}, organization_json, fill_organization);
}

void add_telephony_settings(Router& router, ApiContext& context) {
    add_view(router, context, kSettings, {"telephony:readonly", "telephony:user-settings:edit"}, {"telephony"},
             settings_json, fill_settings);
}

}  // namespace dp::api
