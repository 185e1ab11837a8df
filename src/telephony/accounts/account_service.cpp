#include "telephony/accounts/account_service.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "base/crypto.hpp"
#include "base/timed_uuid.hpp"
#include "telephony/config/rules.hpp"
#include "telephony/e164.hpp"
#include "telephony/numbers/national_dialling.hpp"
#include "telephony/numbers/routing_snapshot.hpp"

namespace dp::telephony {
namespace {

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kFingerprintDigits = 8;
constexpr std::string_view kMaskStars = "********";
constexpr std::string_view kFewestMaskStars = "***";

/// Ours, and the kinds that clients of this API family know: stars alone, or stars before what is left of the secret.
bool looks_like_mask(std::string_view value) {
    return value.starts_with(kFewestMaskStars);
}

std::string seal_context(const TelephonyConfigurationId& id, std::string_view name) {
    return fmt::format("telephony-configuration/{}/{}", id.str(), name);
}

Result<void> check_value(const CarrierField& field, const std::string& dotted, const std::string& value) {
    if (field.required && value.empty()) return fail(ErrorCode::MissingField, dotted + " must not be empty.", dotted);
    if (field.kind == FieldKind::Boolean && value != "true" && value != "false")
        return fail(ErrorCode::InvalidValue, dotted + " must be true or false.", dotted);
    return {};
}

Result<void> check_complete(const KnownCarrier& carrier, const TelephonyConfiguration& account) {
    for (const CarrierField& field : carrier.fields)
        if (field.required && !has_value(account, field.name))
            return fail(ErrorCode::MissingField, fmt::format("config.{} is required by {}.", field.name, carrier.name),
                        fmt::format("config.{}", field.name));
    return {};
}

template <class T>
void set_named(std::vector<T>& list, T value) {
    const auto found = std::ranges::find(list, value.name, &T::name);
    if (found == list.end())
        list.push_back(std::move(value));
    else
        *found = std::move(value);
}

void apply_to(Number& number, CallerIdChange change) {
    CallerIdUse& use = *number.caller_id;
    if (change.label) number.label = std::move(*change.label);
    if (change.country_code) use.country_code = std::move(*change.country_code);
    if (change.metadata) use.metadata = std::move(*change.metadata);
    if (change.active) use.active = *change.active;
    if (change.is_default) use.is_default = *change.is_default;
    if (!change.inbound_flow) return;
    if (change.inbound_flow->empty())
        number.routing.reset();
    else
        number.routing = NumberRouting{.kind = RoutingKind::CallFlow,
                                       .id = change.inbound_flow->str(),
                                       .display_name = number.label,
                                       .routing_type = {},
                                       .callflow = {}};
}

/// What inbound_workflow_id did to the routing object is a snapshot of its history like any other.
void keep_routing(UnitOfWork& unit, const WriteContext& context, const std::optional<NumberRouting>& before,
                  const Number& number) {
    if (number.routing == before) return;
    const auto version = number.meta.version;
    unit.events.push_back(version == 0 ? routing_snapshot(context, number, event_type::kNumberRoutingChanged, 1)
                                       : routing_change(context, number, before, version));
}

Result<void> not_found(const TelephonyConfigurationId& id) {
    return fail(ErrorCode::NotFound, "Telephony configuration not found", id.str());
}

void touch(EntityMeta& meta, const WriteContext& context) {
    meta.modified = context.now;
    meta.modified_by = context.actor.id;
}

EntityMeta fresh(const WriteContext& context) {
    return {.organization = context.organization,
            .created = context.now,
            .modified = context.now,
            .created_by = context.actor.id,
            .modified_by = context.actor.id};
}

/// Without what people put between the digits.
std::string digits_of(std::string_view address) {
    std::string digits;
    const auto trunk_prefix = address.find("(0)");  // "+44 (0) 20 …": dialled inside the country only
    for (std::size_t i = 0; i < address.size(); ++i) {
        if (i == trunk_prefix) {
            i += 2;
            continue;
        }
        const char c = address[i];
        if (c == ' ' || c == '-' || c == '.' || c == '(' || c == ')') continue;
        digits += c;
    }
    return digits;
}

/// As it is dialled in the country that is named beside it, where one is.
Result<std::string> normalize_in(std::string_view country, const std::string& address) {
    const std::string digits = digits_of(address);
    const bool plain = !digits.empty() && std::ranges::all_of(digits, ascii::is_digit);
    if (!plain || country.empty()) return normalize_address(digits);
    const NationalDialling* dialling = dialling_in(country);
    if (dialling == nullptr)
        return fail(ErrorCode::InvalidValue, "country_code is no country (ISO 3166-1) that has telephone numbers.",
                    "country_code");
    return normalize_address(complete_number(*dialling, digits));
}

}  // namespace

Result<std::string> normalize_address(std::string_view address) {
    std::string digits = digits_of(address);
    if (digits.starts_with("00")) digits = "+" + digits.substr(2);
    if (is_e164(digits)) return digits;
    return fail(ErrorCode::InvalidValue,
                "address must be an E.164 number with its country code ('+' and 8 to 15 digits), or a national one "
                "beside its country_code.",
                "address");
}

std::string_view outbound_blocked_by(const OrganizationConfig& config, const TelephonyConfiguration& account) {
    const auto numbers = config.numbers_of(account.id);
    const bool any = std::ranges::any_of(
        numbers, [](const auto& number) { return number->state == NumberState::Active && number->caller_id->active; });
    return any ? std::string_view{} : std::string_view("no_active_phone_number");
}

Ptr<OrganizationConfig> AccountService::config_of(const WriteContext& context) const {
    return store_.snapshots().current()->organization(context.organization);
}

std::string AccountService::mask_of(const TelephonyConfigurationId& id, std::string_view name,
                                    std::string_view value) const {
    const std::string key = secrets_.derive("secret-fingerprint");
    const auto mac = crypto::hmac_sha256(key, fmt::format("{}\n{}", seal_context(id, name), value));
    return std::string(kMaskStars) + crypto::hex(mac).substr(0, kFingerprintDigits);
}

Result<void> AccountService::apply_setting(TelephonyConfiguration& account, const CarrierField& field,
                                           const SettingChange& change) const {
    const std::string dotted = fmt::format("config.{}", field.name);
    if (!change.value) {
        std::erase_if(account.settings, [&](const auto& setting) { return setting.name == field.name; });
        std::erase_if(account.secrets, [&](const auto& secret) { return secret.name == field.name; });
        return {};
    }
    DP_CHECK(check_value(field, dotted, *change.value));
    if (!field.sensitive) {
        set_named(account.settings, CarrierSetting{std::string(field.name), *change.value});
        return {};
    }
    const SealedSetting* stored = secret_of(account, field.name);
    if (stored && *change.value == stored->mask) return {};
    if (looks_like_mask(*change.value))
        return fail(ErrorCode::InvalidValue,
                    dotted + " is the mask of another secret: send the present mask to keep it, or a new secret.",
                    dotted);
    if (change.value->empty()) return {};
    set_named(account.secrets,
              SealedSetting{std::string(field.name), secrets_.seal(*change.value, seal_context(account.id, field.name)),
                            mask_of(account.id, field.name, *change.value)});
    return {};
}

Result<void> AccountService::apply(TelephonyConfiguration& account, const AccountChange& change) const {
    const KnownCarrier* carrier = find_carrier(account.carrier);
    if (!carrier) return fail(ErrorCode::InvalidValue, "provider is not known.", "provider");
    if (change.name) {
        if (change.name->empty() || change.name->size() > kMaxName)
            return fail(ErrorCode::InvalidValue, "name must have 1 to 64 characters.", "name");
        account.name = *change.name;
    }
    for (const SettingChange& setting : change.settings)
        if (const CarrierField* field = find_field(*carrier, setting.name))
            DP_CHECK(apply_setting(account, *field, setting));
    return check_complete(*carrier, account);
}

void AccountService::put_account(UnitOfWork& unit, const WriteContext& context, TelephonyConfiguration account,
                                 std::int64_t expected_version, std::string_view action) const {
    Payload payload;
    payload.text("action", action).text("name", account.name).flag("isDefaultOutbound", account.default_outbound);
    unit.events.push_back(make_event(context, event_type::kConfigurationChanged,
                                     to_string(EntityType::TelephonyConfiguration), account.id.str(), payload));
    unit.audit.push_back(make_audit(context, action, EntityType::TelephonyConfiguration, account.id.str()));
    unit.puts.push_back({std::move(account), expected_version});
}

void AccountService::put_number(UnitOfWork& unit, const WriteContext& context, Number number,
                                std::int64_t expected_version, std::string_view action) const {
    Payload payload;
    payload.text("number", number.e164).text("state", to_string(number.state)).text("action", action);
    unit.events.push_back(make_event(context, event_type::kConfigurationChanged, to_string(EntityType::Number),
                                     number.id.str(), payload));
    unit.audit.push_back(make_audit(context, action, EntityType::Number, number.id.str()));
    unit.puts.push_back({std::move(number), expected_version});
}

void AccountService::submit(UnitOfWork unit, WriteContext context, Executor& reply_on, Reply<Committed> reply) {
    unit.idempotency = std::move(context.idempotency);
    store_.submit(std::move(unit), reply_on, std::move(reply));
}

void AccountService::create(WriteContext context, std::string_view carrier, AccountChange change, Executor& reply_on,
                            Reply<Committed> reply) {
    const auto config = config_of(context);
    TelephonyConfiguration account;
    account.id = TelephonyConfigurationId(timed_uuid(random_, context.now));
    account.meta = fresh(context);
    account.carrier = carrier;
    if (!change.name) change.name.emplace();
    if (auto done = apply(account, change); !done) return reply(std::unexpected(std::move(done).error()));
    if (auto checked = check_rules(*config, account); !checked)
        return reply(std::unexpected(std::move(checked).error()));
    UnitOfWork unit;
    if (change.make_default) {
        if (const auto before = config->default_account()) {
            TelephonyConfiguration demoted = *before;
            demoted.default_outbound = false;
            touch(demoted.meta, context);
            put_account(unit, context, std::move(demoted), before->meta.version, "update");
        }
        account.default_outbound = true;
    }
    put_account(unit, context, std::move(account), kMustNotExist, "create");
    submit(std::move(unit), std::move(context), reply_on, std::move(reply));
}

void AccountService::update(WriteContext context, const TelephonyConfigurationId& id, AccountChange change,
                            Executor& reply_on, Reply<Committed> reply) {
    const auto config = config_of(context);
    const auto& present = config->find<TelephonyConfiguration>(id);
    if (!present) return reply(std::unexpected(not_found(id).error()));
    TelephonyConfiguration account = *present;
    if (auto done = apply(account, change); !done) return reply(std::unexpected(std::move(done).error()));
    if (auto checked = check_rules(*config, account); !checked)
        return reply(std::unexpected(std::move(checked).error()));
    touch(account.meta, context);
    UnitOfWork unit;
    put_account(unit, context, std::move(account), present->meta.version, "update");
    submit(std::move(unit), std::move(context), reply_on, std::move(reply));
}

void AccountService::set_default(WriteContext context, const TelephonyConfigurationId& id, Executor& reply_on,
                                 Reply<Committed> reply) {
    const auto config = config_of(context);
    const auto& present = config->find<TelephonyConfiguration>(id);
    if (!present) return reply(std::unexpected(not_found(id).error()));
    UnitOfWork unit;
    const auto before = config->default_account();
    if (before && before->id != id) {
        TelephonyConfiguration demoted = *before;
        demoted.default_outbound = false;
        touch(demoted.meta, context);
        put_account(unit, context, std::move(demoted), before->meta.version, "update");
    }
    TelephonyConfiguration account = *present;
    account.default_outbound = true;
    touch(account.meta, context);
    put_account(unit, context, std::move(account), present->meta.version, "set-default-outbound");
    submit(std::move(unit), std::move(context), reply_on, std::move(reply));
}

void AccountService::remove(WriteContext context, const TelephonyConfigurationId& id, Executor& reply_on,
                            Reply<Committed> reply) {
    const auto config = config_of(context);
    const auto& present = config->find<TelephonyConfiguration>(id);
    if (!present) return reply(std::unexpected(not_found(id).error()));
    UnitOfWork unit;
    for (const auto& number : config->numbers_of(id)) {
        if (number->provider == id.str()) {
            unit.audit.push_back(make_audit(context, "delete", EntityType::Number, number->id.str()));
            unit.removes.push_back({EntityType::Number, context.organization, number->id.str(), kAnyVersion});
            continue;
        }
        Number left = *number;
        left.caller_id.reset();
        touch(left.meta, context);
        put_number(unit, context, std::move(left), number->meta.version, "leave-account");
    }
    unit.events.push_back(make_event(context, event_type::kConfigurationChanged,
                                     to_string(EntityType::TelephonyConfiguration), id.str(),
                                     Payload().text("action", "delete")));
    unit.audit.push_back(make_audit(context, "delete", EntityType::TelephonyConfiguration, id.str()));
    unit.removes.push_back({EntityType::TelephonyConfiguration, context.organization, id.str(), present->meta.version});
    submit(std::move(unit), std::move(context), reply_on, std::move(reply));
}

namespace {

/// The number to put into the pool: a new one, or the organization's own when it is active and in no pool yet.
Result<Number> joining(const OrganizationConfig& config, const TelephonyConfigurationId& account,
                       const std::string& e164, const WriteContext& context, Random& random) {
    const auto& present = config.number_by_e164(e164);
    if (!present) {
        Number made;
        made.id = NumberId(timed_uuid(random, context.now));
        made.meta = fresh(context);
        made.e164 = e164;
        made.provider = account.str();
        made.state = NumberState::Active;
        return made;
    }
    if (present->caller_id)
        return fail(ErrorCode::Duplicate,
                    fmt::format("The phone number {} belongs to the telephony configuration '{}' already.", e164,
                                present->caller_id->configuration.str()),
                    present->id.str());
    if (present->state != NumberState::Active)
        return fail(
            ErrorCode::Conflict,
            fmt::format("The number {} is {}: it can be used once it is active.", e164, to_string(present->state)),
            "address");
    return *present;
}

}  // namespace

void AccountService::add_number(WriteContext context, const TelephonyConfigurationId& id, const std::string& address,
                                CallerIdChange change, Executor& reply_on, Reply<Committed> reply) {
    const auto config = config_of(context);
    if (!config->find<TelephonyConfiguration>(id)) return reply(std::unexpected(not_found(id).error()));
    auto e164 = normalize_in(change.country_code.value_or(""), address);
    if (!e164) return reply(std::unexpected(std::move(e164).error()));
    auto number = joining(*config, id, *e164, context, random_);
    if (!number) return reply(std::unexpected(std::move(number).error()));
    const std::int64_t version = number->meta.version;
    number->caller_id =
        CallerIdUse{.configuration = id, .address = address, .country_code = {}, .metadata = {}, .added = context.now};
    UnitOfWork unit;
    if (change.is_default.value_or(false)) demote_default(unit, *config, context, id, number->id);
    const auto routing = number->routing;
    apply_to(*number, std::move(change));
    keep_routing(unit, context, routing, *number);
    if (auto checked = check_rules(*config, *number); !checked)
        return reply(std::unexpected(std::move(checked).error()));
    touch(number->meta, context);
    put_number(unit, context, std::move(*number), version == 0 ? kMustNotExist : version, "join-account");
    submit(std::move(unit), std::move(context), reply_on, std::move(reply));
}

void AccountService::demote_default(UnitOfWork& unit, const OrganizationConfig& config, const WriteContext& context,
                                    const TelephonyConfigurationId& account, const NumberId& but) const {
    for (const auto& number : config.numbers_of(account)) {
        if (!number->caller_id->is_default || number->id == but) continue;
        Number demoted = *number;
        demoted.caller_id->is_default = false;
        touch(demoted.meta, context);
        put_number(unit, context, std::move(demoted), number->meta.version, "update");
    }
}

void AccountService::update_number(WriteContext context, const NumberId& id, CallerIdChange change, Executor& reply_on,
                                   Reply<Committed> reply) {
    const auto config = config_of(context);
    const auto& present = config->number(id);
    if (!present || !present->caller_id) return reply(fail(ErrorCode::NotFound, "Phone number not found", id.str()));
    UnitOfWork unit;
    if (change.is_default.value_or(false))
        demote_default(unit, *config, context, present->caller_id->configuration, id);
    Number number = *present;
    apply_to(number, std::move(change));
    keep_routing(unit, context, present->routing, number);
    if (auto checked = check_rules(*config, number); !checked)
        return reply(std::unexpected(std::move(checked).error()));
    touch(number.meta, context);
    put_number(unit, context, std::move(number), present->meta.version, "update");
    submit(std::move(unit), std::move(context), reply_on, std::move(reply));
}

void AccountService::remove_number(WriteContext context, const NumberId& id, Executor& reply_on,
                                   Reply<Committed> reply) {
    const auto config = config_of(context);
    const auto& present = config->number(id);
    if (!present || !present->caller_id) return reply(fail(ErrorCode::NotFound, "Phone number not found", id.str()));
    UnitOfWork unit;
    if (present->provider == present->caller_id->configuration.str()) {
        unit.events.push_back(make_event(context, event_type::kConfigurationChanged, to_string(EntityType::Number),
                                         id.str(), Payload().text("action", "delete").text("number", present->e164)));
        unit.audit.push_back(make_audit(context, "delete", EntityType::Number, id.str()));
        unit.removes.push_back({EntityType::Number, context.organization, id.str(), present->meta.version});
    } else {
        Number left = *present;
        left.caller_id.reset();
        touch(left.meta, context);
        put_number(unit, context, std::move(left), present->meta.version, "leave-account");
    }
    submit(std::move(unit), std::move(context), reply_on, std::move(reply));
}

}  // namespace dp::telephony
