#include "telephony/dialing/outbound_policy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "telephony/config/role_grants.hpp"
#include "telephony/dialing/dial_rules.hpp"
#include "telephony/e164.hpp"

namespace dp::telephony {
namespace {

constexpr std::size_t kMaxDestination = 32;

Result<void> check_type(const PlaceCall& call) {
    if (call.type.empty()) return fail(ErrorCode::MissingField, "type is required and must be 'pstn'.", "type");
    if (call.type != "pstn") return fail(ErrorCode::InvalidValue, "type must be 'pstn'.", "type");
    return {};
}

Result<Ptr<User>> find_agent(const OrganizationConfig& config, const PlaceCall& call) {
    const std::string& field = call.agent_field;
    if (call.agent.empty()) return fail(ErrorCode::MissingField, fmt::format("{} is required.", field), field);
    const auto& user = config.user(call.agent);
    if (!user || user->state != UserState::Active)
        return fail(ErrorCode::InvalidValue,
                    fmt::format("{} '{}' is not a user of this organization.", field, call.agent.str()), field);
    return user;
}

bool is_emergency(const OrganizationConfig& config, const std::string& destination) {
    return std::ranges::find(config.organization().emergency_numbers, destination) !=
           config.organization().emergency_numbers.end();
}

// What may stand in the user part of a SIP address without escapes, and nothing that could break out of one.
bool is_dialable(const std::string& text) {
    return !text.empty() && text.size() <= kMaxDestination &&
           text.find_first_not_of("0123456789+*#") == std::string::npos;
}

/// The rules of the endpoint that is in use: the browser phone's, else the SIP endpoint's.
void choose_rules(const UserTelephonySettings* settings, DialPlan& plan) {
    if (!settings) return;
    if (settings->web_rtc.enabled && !settings->web_rtc.dial_rules.empty()) {
        plan.rules = settings->web_rtc.dial_rules;
        plan.endpoint = "webRtc";
    } else if (settings->sofia.enabled && !settings->sofia.dial_rules.empty()) {
        plan.rules = settings->sofia.dial_rules;
        plan.endpoint = "sofia";
    }
}

const NumberPlan* plan_of(const Site* site, const std::string& destination) {
    if (!site) return nullptr;
    const auto found = std::ranges::find_if(
        site->number_plans, [&](const NumberPlan& plan) { return pattern_matches(plan.pattern, destination); });
    return found == site->number_plans.end() ? nullptr : &*found;
}

/// As the site's number plan writes it; nothing where no plan does.
std::optional<std::string> normalized(const Site* site, const std::string& destination) {
    const NumberPlan* plan = plan_of(site, destination);
    if (!plan || plan->normalized.empty() || !is_dialable(destination)) return std::nullopt;
    auto written = rewritten(plan->pattern, plan->normalized, destination);
    return written && is_dialable(*written) ? std::move(written) : std::nullopt;
}

Result<void> apply_rules(const OrganizationConfig& config, const PlaceCall& call, OutboundCall& out) {
    const std::string& field = call.destination_field;
    DialPlan plan = plan_dialing(config, config.settings_of(call.agent).get(), call.destination);
    out.destination = call.destination;
    out.dialed = std::move(plan.dialed);
    out.dial_rule = plan.rule;
    if (!plan.rule && !plan.emergency) {
        if (auto written = normalized(out.site.get(), call.destination)) {
            out.dialed = std::move(*written);
            return {};
        }
    }
    if (plan.accepted) return {};
    return fail(
        ErrorCode::InvalidValue,
        fmt::format("{} must be an E.164 number ('+' and 8 to 15 digits) or match one of the agent's dial rules.",
                    field),
        field);
}

Result<void> check_destination(const OrganizationConfig& config, const PlaceCall& call, OutboundCall& out) {
    const std::string& field = call.destination_field;
    if (call.destination.empty()) return fail(ErrorCode::MissingField, fmt::format("{} is required.", field), field);
    DP_CHECK(apply_rules(config, call, out));
    out.destination_class = classify(config, out.site.get(), call.destination);
    if (out.destination_class != DestinationClass::Emergency) return {};
    const bool has_route = out.site && std::ranges::any_of(out.site->outbound_routes, [](const OutboundRoute& route) {
                               return route.enabled && std::ranges::find(route.classes, DestinationClass::Emergency) !=
                                                           route.classes.end();
                           });
    if (has_route) return {};
    return fail(
        ErrorCode::InvalidValue,
        fmt::format("{}: emergency calls are not possible here, because the site has no emergency route.", field),
        field);
}

Result<void> forbidden(const PlaceCall& call, std::string_view why) {
    return fail(ErrorCode::Forbidden, fmt::format("{} '{}' {}.", call.caller_id_field, call.caller_id, why),
                call.caller_id_field);
}

bool may_present(const OrganizationConfig& config, const Number& number, const User& agent, const Site* site) {
    return is_assigned_to(number, agent.id) || has_permission(config, agent, kPermissionUseAnyCallerId) ||
           (site && site->caller_id == number.e164);
}

// seed 3: owned by the organization, active, and assigned to the agent or permitted by a role: else 403.
Result<void> check_asked_caller_id(const OrganizationConfig& config, const PlaceCall& call, OutboundCall& out) {
    DP_TRY(asked, parse_e164(call.caller_id, call.caller_id_field));
    const auto number = config.number_by_e164(asked);
    if (!number) return forbidden(call, "is not owned by this organization (caller_id_not_owned)");
    if (number->state != NumberState::Active)
        return forbidden(call, fmt::format("is {}, not active (caller_id_not_active)", to_string(number->state)));
    if (number->caller_id && !number->caller_id->active)
        return forbidden(call, "is switched off in its telephony configuration (caller_id_not_active)");
    if (!may_present(config, *number, *out.agent, out.site.get()))
        return forbidden(call, "is not assigned to the agent, and no permission allows it (caller_id_not_permitted)");
    out.caller_id = std::move(asked);
    out.caller_id_source = CallerIdSource::Asked;
    return {};
}

void choose_default_caller_id(const OrganizationConfig& config, OutboundCall& out) {
    for (const auto& number : config.numbers_of(out.agent->id))
        if (number->state == NumberState::Active) {
            out.caller_id = number->e164;
            out.caller_id_source = CallerIdSource::User;
            return;
        }
    if (!out.site || out.site->caller_id.empty()) return;
    const auto number = config.number_by_e164(out.site->caller_id);
    if (!number || number->state != NumberState::Active) return;
    out.caller_id = number->e164;
    out.caller_id_source = CallerIdSource::Site;
}

Result<void> check_caller_id(const OrganizationConfig& config, const PlaceCall& call, OutboundCall& out) {
    if (!call.caller_id.empty()) return check_asked_caller_id(config, call, out);
    choose_default_caller_id(config, out);
    return {};
}

std::string shown_name(const PlaceCall& call, const OutboundCall& out) {
    if (!call.agent_name.empty()) return call.agent_name;
    return out.site && !out.site->caller_name.empty() ? out.site->caller_name : out.agent->name;
}

}  // namespace

DestinationClass classify(const OrganizationConfig& config, const Site* site, const std::string& destination) {
    if (is_emergency(config, destination)) return DestinationClass::Emergency;
    const NumberPlan* plan = plan_of(site, destination);
    return plan ? plan->destination_class : DestinationClass::National;
}

DialPlan plan_dialing(const OrganizationConfig& config, const UserTelephonySettings* settings,
                      const std::string& destination) {
    DialPlan plan;
    plan.dialed = destination;
    plan.emergency = is_emergency(config, destination);
    choose_rules(settings, plan);
    plan.accepted = plan.emergency || is_e164(destination);
    if (plan.emergency || !is_dialable(destination)) return plan;
    if (auto match = apply_dial_rules(plan.rules, destination)) {
        plan.dialed = std::move(match->result);
        plan.rule = match->rule;
        plan.accepted = true;
    }
    return plan;
}

Result<OutboundCall> check_outbound(const OrganizationConfig& config, const PlaceCall& call) {
    DP_CHECK(check_type(call));
    DP_TRY(agent, find_agent(config, call));
    OutboundCall out;
    out.organization = config.id();
    out.site = config.site_of(*agent);
    out.agent = std::move(agent);
    DP_CHECK(check_destination(config, call, out));
    DP_CHECK(check_caller_id(config, call, out));
    out.caller_name = shown_name(call, out);
    for (const auto& phone : config.phones_of(out.agent->id))
        if (phone->enabled) out.phones.push_back(phone);
    return out;
}

}  // namespace dp::telephony
