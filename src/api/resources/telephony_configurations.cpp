/// @file The telephony-configs family (seed 4), at the printed paths and under /api/v1: carrier accounts, their caller IDs,
/// the form metadata of the carriers, and counted warnings.
///
/// Its conventions are those of its clients: snake case, creates answer 200, errors are `{"detail"}` and validation
/// 422.
#include <array>

#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"
#include "telephony/accounts/account_service.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::AccountChange;
using telephony::CallerIdChange;
using telephony::CallFlow;
using telephony::CarrierField;
using telephony::FieldKind;
using telephony::Number;
using telephony::OrganizationConfig;
using telephony::TelephonyConfiguration;
using telephony::TelephonyConfigurationId;

namespace {

constexpr std::size_t kMaxSecret = 8192;  // a PEM private key
constexpr std::size_t kMaxMetadata = 4096;
const Scopes kRead{"telephony", "telephony:readonly"};
const Scopes kWrite{"telephony"};

json::value text_or_null(std::string_view text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

// ---- accounts

json::object summary_json(const TelephonyConfiguration& account, const OrganizationConfig& config) {
    const auto blocked = telephony::outbound_blocked_by(config, account);
    const auto* carrier = telephony::find_carrier(account.carrier);
    return {{"id", account.id.str()},
            {"name", account.name},
            {"provider", account.carrier},
            {"connectivity", carrier ? carrier->connectivity : "api"},
            {"is_default_outbound", account.default_outbound},
            {"inactive", false},
            {"is_ready_for_outbound", blocked.empty()},
            {"outbound_blocked_reason", text_or_null(blocked)},
            {"created_at", to_rfc3339(account.meta.created)},
            {"updated_at", to_rfc3339(account.meta.modified)}};
}

std::size_t active_numbers(const TelephonyConfiguration& account, const OrganizationConfig& config) {
    return static_cast<std::size_t>(std::ranges::count_if(config.numbers_of(account.id), [](const auto& number) {
        return number->state == telephony::NumberState::Active && number->caller_id->active;
    }));
}

json::object listed_json(const TelephonyConfiguration& account, const OrganizationConfig& config) {
    auto out = summary_json(account, config);
    out["phone_number_count"] = active_numbers(account, config);
    return out;
}

json::object credentials_json(const TelephonyConfiguration& account) {
    json::object out;
    for (const auto& setting : account.settings) {
        const auto* carrier = telephony::find_carrier(account.carrier);
        const auto* field = carrier ? telephony::find_field(*carrier, setting.name) : nullptr;
        if (field && field->kind == FieldKind::Boolean)
            out[setting.name] = setting.value == "true";
        else
            out[setting.name] = setting.value;
    }
    for (const auto& secret : account.secrets) out[secret.name] = secret.mask;
    return out;
}

json::object detail_json(const TelephonyConfiguration& account, const OrganizationConfig& config) {
    auto out = summary_json(account, config);
    out["phone_number_count"] = active_numbers(account, config);
    out["credentials"] = credentials_json(account);
    return out;
}

const telephony::Ptr<TelephonyConfiguration>& account_of(const ApiRequest& request) {
    return request.config().find<TelephonyConfiguration>(TelephonyConfigurationId(request.parameter("configId")));
}

Error no_account(const ApiRequest& request) {
    return {ErrorCode::NotFound, "Telephony configuration not found", request.parameter("configId")};
}

/// What a write of an account or a number answers once it is stored: 200, as this family's clients expect.
template <class T>
telephony::Reply<telephony::Committed> stored(Reply reply,
                                              json::object (*to_json)(const T&, const OrganizationConfig&)) {
    return [reply = std::move(reply), to_json](Result<telephony::Committed> done) mutable {
        if (!done) return std::move(reply).error(done.error());
        const auto& entity = *std::get<telephony::Ptr<T>>(done->entities.back());
        std::move(reply).json(200, to_json(entity, *done->snapshot->organization(entity.meta.organization)));
    };
}

// `provider` stands beside or inside `config`; clients of both kinds exist.
std::string read_provider(JsonReader& body, JsonReader& config) {
    const auto outside = body.text("provider", 32);
    const auto inside = config.text("provider", 32);
    if (outside && inside && *outside != *inside) body.refuse("provider", "differs from config.provider");
    if (!outside && !inside) body.refuse("provider", "is required", ErrorCode::MissingField);
    return inside ? *inside : outside.value_or("");
}

telephony::SettingChange read_setting(JsonReader& config, const CarrierField& field) {
    telephony::SettingChange out{std::string(field.name), std::nullopt};
    if (field.kind == FieldKind::Boolean) {
        if (const auto flag = config.boolean(field.name)) out.value = *flag ? "true" : "false";
    } else {
        out.value = config.text(field.name, kMaxSecret);
    }
    return out;
}

// A field that is absent stays as it is; null clears it.
std::vector<telephony::SettingChange> read_settings(JsonReader& config, const telephony::KnownCarrier& carrier) {
    std::vector<telephony::SettingChange> out;
    for (const CarrierField& field : carrier.fields)
        if (config.has(field.name) || config.is_null(field.name)) out.push_back(read_setting(config, field));
    config.ignore({"from_numbers"});  // numbers have their own path
    return out;
}

void create_account(ApiContext& context, ApiRequest request, Reply reply) {
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    auto& fields = **body;
    AccountChange change;
    change.name = fields.required_text("name", 64);
    change.make_default = fields.boolean("is_default_outbound").value_or(false);
    auto* config = fields.required_object("config");
    std::string provider;
    if (config) {
        provider = read_provider(fields, *config);
        if (const auto* carrier = telephony::find_carrier(provider))
            change.settings = read_settings(*config, *carrier);
        else
            fields.refuse("provider", "must be one of cloudonix, plivo, signalwire, telnyx, twilio, vobiz, vonage");
    }
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    context.accounts.create(write_context(request, context.clock), provider, std::move(change), context.executor,
                            stored<TelephonyConfiguration>(std::move(reply), detail_json));
}

void update_account(ApiContext& context, ApiRequest request, Reply reply) {
    const auto& present = account_of(request);
    if (!present) return std::move(reply).error(no_account(request));
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    auto& fields = **body;
    AccountChange change;
    change.name = fields.text("name", 64);
    fields.ignore({"id", "is_default_outbound", "created_at", "updated_at"});
    const auto outside = fields.text("provider", 32);
    std::string provider = outside.value_or(present->carrier);
    if (auto* config = fields.object("config")) {
        provider = config->text("provider", 32).value_or(provider);
        if (const auto* carrier = telephony::find_carrier(present->carrier))
            change.settings = read_settings(*config, *carrier);
    }
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    if (provider != present->carrier)
        return std::move(reply).json(
            400, json::object{{"detail", "Provider cannot be changed; create a new configuration instead."}});
    context.accounts.update(write_context(request, context.clock), present->id, std::move(change), context.executor,
                            stored<TelephonyConfiguration>(std::move(reply), detail_json));
}

// ---- numbers

json::object caller_id_json(const Number& number, const OrganizationConfig& config) {
    const auto& use = *number.caller_id;
    json::object out{{"id", number.id.str()},
                     {"telephony_configuration_id", use.configuration.str()},
                     {"phone_number", use.address},
                     {"address", use.address},
                     {"address_normalized", number.e164},
                     {"address_type", "pstn"},
                     {"country_code", text_or_null(use.country_code)},
                     {"label", text_or_null(number.label)},
                     {"is_active", use.active},
                     {"is_default_caller_id", use.is_default},
                     {"verified", false},
                     {"state", telephony::to_string(number.state)},
                     {"created_at", to_rfc3339(use.added)},
                     {"updated_at", to_rfc3339(number.meta.modified)}};
    out["extra_metadata"] = use.metadata.empty() ? json::value(json::object{}) : json::parse(use.metadata);
    const bool flow = number.routing && number.routing->kind == telephony::RoutingKind::CallFlow;
    const auto& known = flow ? config.find<CallFlow>(telephony::CallFlowId(number.routing->id)) : nullptr;
    out["inbound_workflow_id"] = flow ? json::value(number.routing->id) : json::value(nullptr);
    out["inbound_workflow_name"] = known ? json::value(known->name) : json::value(nullptr);
    return out;
}

telephony::Ptr<Number> number_of(const ApiRequest& request) {
    const auto& number = request.config().number(telephony::NumberId(request.parameter("phoneNumberId")));
    const bool here =
        number && number->caller_id && number->caller_id->configuration.str() == request.parameter("configId");
    return here ? number : nullptr;
}

Error no_number(const ApiRequest& request) {
    return {ErrorCode::NotFound, "Phone number not found", request.parameter("phoneNumberId")};
}

CallerIdChange read_caller_id(JsonReader& fields) {
    CallerIdChange out;
    out.label = fields.text("label", 64);
    out.country_code = fields.text("country_code", 2);
    if (out.country_code && out.country_code->size() == 1) fields.refuse("country_code", "must have two letters");
    out.active = fields.boolean("is_active");
    out.is_default = fields.boolean("is_default_caller_id");
    if (const auto flow = fields.text("inbound_workflow_id", 64)) out.inbound_flow = telephony::CallFlowId(*flow);
    if (fields.boolean("clear_inbound_workflow").value_or(false)) out.inbound_flow = telephony::CallFlowId();
    if (const auto metadata = fields.opaque_object("extra_metadata", kMaxMetadata)) out.metadata = *metadata;
    return out;
}

void add_number(ApiContext& context, ApiRequest request, Reply reply) {
    const auto& account = account_of(request);
    if (!account) return std::move(reply).error(no_account(request));
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    auto& fields = **body;
    const auto printed = fields.text("phone_number", 255);
    const auto address = fields.text("address", 255);
    if (printed && address && *printed != *address) fields.refuse("address", "differs from phone_number");
    if (!printed && !address) fields.refuse("phone_number", "is required", ErrorCode::MissingField);
    auto change = read_caller_id(fields);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    context.accounts.add_number(write_context(request, context.clock), account->id, printed ? *printed : *address,
                                std::move(change), context.executor, stored<Number>(std::move(reply), caller_id_json));
}

void update_number(ApiContext& context, ApiRequest request, Reply reply) {
    const auto number = number_of(request);
    if (!number) return std::move(reply).error(no_number(request));
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    auto change = read_caller_id(**body);
    (*body)->ignore({"address", "phone_number"});  // fixed once it is there
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    context.accounts.update_number(write_context(request, context.clock), number->id, std::move(change),
                                   context.executor, stored<Number>(std::move(reply), caller_id_json));
}

// ---- metadata and warnings

json::object metadata_json(const telephony::KnownCarrier& carrier) {
    json::array fields;
    for (const CarrierField& field : carrier.fields)
        fields.push_back(json::object{{"name", field.name},
                                      {"label", field.label},
                                      {"type", telephony::to_string(field.kind)},
                                      {"required", field.required},
                                      {"sensitive", field.sensitive},
                                      {"description", text_or_null(field.description)}});
    return {{"provider", carrier.key},      {"display_name", carrier.name},
            {"notes", carrier.note},        {"connectivity", carrier.connectivity},
            {"docs_url", carrier.docs_url}, {"fields", std::move(fields)}};
}

struct Warnings {
    std::size_t telnyx_without_key = 0;
    std::size_t vonage_without_secret = 0;
    std::size_t without_numbers = 0;
    std::size_t no_default = 0;
};

Warnings count_warnings(const OrganizationConfig& config) {
    Warnings out;
    const auto& accounts = config.all<TelephonyConfiguration>();
    accounts.for_each([&](const auto& account) {
        out.telnyx_without_key +=
            account->carrier == "telnyx" && !telephony::has_value(*account, "webhook_public_key") ? 1U : 0U;
        out.vonage_without_secret +=
            account->carrier == "vonage" && !telephony::has_value(*account, "signature_secret") ? 1U : 0U;
        out.without_numbers += active_numbers(*account, config) == 0 ? 1U : 0U;
    });
    out.no_default = !accounts.empty() && !config.default_account() ? 1 : 0;
    return out;
}

json::object warnings_json(const Warnings& warnings) {
    return {{"telnyx_missing_webhook_public_key_count", warnings.telnyx_without_key},
            {"vonage_missing_signature_secret_count", warnings.vonage_without_secret},
            {"without_active_phone_number_count", warnings.without_numbers},
            {"missing_default_outbound_count", warnings.no_default},
            {"total", warnings.telnyx_without_key + warnings.vonage_without_secret + warnings.without_numbers +
                          warnings.no_default}};
}

// ---- routes

void list_accounts(const ApiRequest& request, Reply reply) {
    std::vector<telephony::Ptr<TelephonyConfiguration>> found;
    request.config().all<TelephonyConfiguration>().for_each([&](const auto& account) { found.push_back(account); });
    std::ranges::sort(found, [](const auto& a, const auto& b) {
        return std::tie(a->meta.created, a->id) < std::tie(b->meta.created, b->id);
    });
    json::array out;
    for (const auto& account : found) out.push_back(listed_json(*account, request.config()));
    std::move(reply).json(200, json::object{{"configurations", std::move(out)}});
}

void list_numbers(const ApiRequest& request, Reply reply) {
    const auto& account = account_of(request);
    if (!account) return std::move(reply).error(no_account(request));
    json::array out;
    for (const auto& number : request.config().numbers_of(account->id))
        out.push_back(caller_id_json(*number, request.config()));
    std::move(reply).json(200, json::object{{"phone_numbers", std::move(out)}});
}

void list_carriers(const ApiRequest&, Reply reply) {
    json::array out;
    for (const auto& carrier : telephony::known_carriers()) out.push_back(metadata_json(carrier));
    std::move(reply).json(200, json::object{{"providers", std::move(out)}});
}

/// What a removal answers.
telephony::Reply<telephony::Committed> removed(Reply reply, std::string_view message) {
    return [reply = std::move(reply), message](Result<telephony::Committed> done) mutable {
        if (!done) return std::move(reply).error(done.error());
        std::move(reply).json(200, json::object{{"message", message}});
    };
}

struct Paths {
    std::string_view accounts, account, set_default, numbers, number, default_caller, metadata, warnings;
};

// Seed 4 prints the paths without a prefix; the system it describes serves them under /api/v1.
constexpr std::array<Paths, 2> kPaths{
    Paths{"/organizations/telephony-configs", "/organizations/telephony-configs/{configId}",
          "/organizations/telephony-configs/{configId}/set-default-outbound",
          "/organizations/telephony-configs/{configId}/phone-numbers",
          "/organizations/telephony-configs/{configId}/phone-numbers/{phoneNumberId}",
          "/organizations/telephony-configs/{configId}/phone-numbers/{phoneNumberId}/set-default-caller",
          "/organizations/telephony-providers/metadata", "/organizations/telephony-config-warnings"},
    Paths{"/api/v1/organizations/telephony-configs", "/api/v1/organizations/telephony-configs/{configId}",
          "/api/v1/organizations/telephony-configs/{configId}/set-default-outbound",
          "/api/v1/organizations/telephony-configs/{configId}/phone-numbers",
          "/api/v1/organizations/telephony-configs/{configId}/phone-numbers/{phoneNumberId}",
          "/api/v1/organizations/telephony-configs/{configId}/phone-numbers/{phoneNumberId}/set-default-caller",
          "/api/v1/organizations/telephony-providers/metadata", "/api/v1/organizations/telephony-config-warnings"}};

using Handler = void (*)(ApiContext&, ApiRequest, Reply);

void get_account(ApiContext&, ApiRequest request, Reply reply) {
    const auto& account = account_of(request);
    if (!account) return std::move(reply).error(no_account(request));
    std::move(reply).json(200, detail_json(*account, request.config()));
}

void remove_account(ApiContext& context, ApiRequest request, Reply reply) {
    context.accounts.remove(write_context(request, context.clock),
                            TelephonyConfigurationId(request.parameter("configId")), context.executor,
                            removed(std::move(reply), "Telephony configuration deleted"));
}

void set_default(ApiContext& context, ApiRequest request, Reply reply) {
    context.accounts.set_default(write_context(request, context.clock),
                                 TelephonyConfigurationId(request.parameter("configId")), context.executor,
                                 stored<TelephonyConfiguration>(std::move(reply), detail_json));
}

void get_number(ApiContext&, ApiRequest request, Reply reply) {
    const auto number = number_of(request);
    if (!number) return std::move(reply).error(no_number(request));
    std::move(reply).json(200, caller_id_json(*number, request.config()));
}

void set_default_caller(ApiContext& context, ApiRequest request, Reply reply) {
    const auto number = number_of(request);
    if (!number) return std::move(reply).error(no_number(request));
    CallerIdChange change;
    change.is_default = true;
    context.accounts.update_number(write_context(request, context.clock), number->id, std::move(change),
                                   context.executor, stored<Number>(std::move(reply), caller_id_json));
}

void remove_number(ApiContext& context, ApiRequest request, Reply reply) {
    const auto number = number_of(request);
    if (!number) return std::move(reply).error(no_number(request));
    context.accounts.remove_number(write_context(request, context.clock), number->id, context.executor,
                                   removed(std::move(reply), "Phone number deleted"));
}

void add_family(Router& router, ApiContext& context, const Paths& paths) {
    const auto add = [&](std::string_view method, std::string_view path, const Scopes& scopes, Handler handler) {
        Route route;
        route.method = method;
        route.path = path;
        route.scopes = scopes;
        route.style = ErrorStyle::Detail;
        route.credentials = Credentials::TokenOrApiKey;
        route.handler = [&context, handler](ApiRequest request, Reply reply) {
            handler(context, std::move(request), std::move(reply));
        };
        router.add(std::move(route));
    };
    add("GET", paths.accounts, kRead,
        [](ApiContext&, ApiRequest request, Reply reply) { list_accounts(request, std::move(reply)); });
    add("POST", paths.accounts, kWrite, create_account);
    add("GET", paths.account, kRead, get_account);
    add("PUT", paths.account, kWrite, update_account);
    add("DELETE", paths.account, kWrite, remove_account);
    add("POST", paths.set_default, kWrite, set_default);
    add("GET", paths.numbers, kRead,
        [](ApiContext&, ApiRequest request, Reply reply) { list_numbers(request, std::move(reply)); });
    add("POST", paths.numbers, kWrite, add_number);
    add("GET", paths.number, kRead, get_number);
    add("PUT", paths.number, kWrite, update_number);
    add("DELETE", paths.number, kWrite, remove_number);
    add("POST", paths.default_caller, kWrite, set_default_caller);
    add("GET", paths.metadata, kRead,
        [](ApiContext&, ApiRequest request, Reply reply) { list_carriers(request, std::move(reply)); });
    add("GET", paths.warnings, kRead, [](ApiContext&, ApiRequest request, Reply reply) {
        std::move(reply).json(200, warnings_json(count_warnings(request.config())));
    });
}

}  // namespace

void add_telephony_configurations(Router& router, ApiContext& context) {
    for (const Paths& paths : kPaths) add_family(router, context, paths);
}

}  // namespace dp::api
