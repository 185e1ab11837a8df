#pragma once
/// @file What of each entity goes into its JSON document, field by field, once: the same list writes and reads. Ids,
/// organization, version and times are columns and not among them.
///
/// A name here is on disk: never rename one. A new field gets a default in its struct, so that older documents still
/// read.

#include <concepts>
#include <type_traits>

#include "telephony/config/entity.hpp"
#include "telephony/conversation/conversation.hpp"

namespace dp::store {

template <class E, class T>
concept Of = std::same_as<std::remove_cvref_t<E>, T>;

namespace t = dp::telephony;

// `v(name, member)` for each field; `v.secret(name, member)` where an audit entry must not show the value.

void fields(auto& v, Of<t::Organization> auto& e) {
    v("name", e.name);
    v("sipDomain", e.sip_domain);
    v("defaultCountryCode", e.default_country_code);
    v("defaultSite", e.default_site);
    v("emergencyNumbers", e.emergency_numbers);
    v("webRtcForceTurn", e.web_rtc_force_turn);
}

void fields(auto& v, Of<t::PermissionPolicy> auto& e) {
    v("domain", e.domain);
    v("entity", e.entity);
    v("actions", e.actions);
}

void fields(auto& v, Of<t::Role> auto& e) {
    v("name", e.name);
    v("description", e.description);
    v("policies", e.policies);
    v("builtIn", e.built_in);
}

void fields(auto& v, Of<t::ClientKey> auto& e) {
    v("kid", e.kid);
    v("algorithm", e.algorithm);
    v("first", e.first);
    v("second", e.second);
}

void fields(auto& v, Of<t::OAuthClient> auto& e) {
    v("name", e.name);
    v("description", e.description);
    v.secret("secretSha256", e.secret_sha256);
    v("grants", e.grants);
    v("scopes", e.scopes);
    v("roles", e.roles);
    v("redirectUris", e.redirect_uris);
    v("keys", e.keys);
    v("requestsPerMinute", e.requests_per_minute);
    v("callsPerMinute", e.calls_per_minute);
    v("tokenLifetime", e.token_lifetime);
    v("enabled", e.enabled);
}

void fields(auto& v, Of<t::ApiKey> auto& e) {
    v("name", e.name);
    v.secret("keySha256", e.key_sha256);
    v("prefix", e.prefix);
    v("scopes", e.scopes);
    v("roles", e.roles);
    v("requestsPerMinute", e.requests_per_minute);
    v("enabled", e.enabled);
}

void fields(auto& v, Of<t::ConsoleCredential> auto& e) {
    v("login", e.login);
    v.secret("passwordArgon2id", e.password_argon2id);
    v("user", e.user);
    v("scopes", e.scopes);
    v("roles", e.roles);
}

void fields(auto& v, Of<t::Location> auto& e) {
    v("name", e.name);
    v("region", e.region);
    v("country", e.country);
    v("address", e.address);
    v("emergencyCallback", e.emergency_callback);
}

void fields(auto& v, Of<t::NetworkConfiguration> auto& e) {
    v("name", e.name);
    v("stunServers", e.stun_servers);
    v("forceTcp", e.force_tcp);
    v("iceTransportPolicy", e.ice_transport_policy);
    v("turnSecret", e.turn_secret);
    v("turnCredentialLifetime", e.turn_credential_lifetime);
}

void fields(auto& v, Of<t::MediaRegion> auto& e) {
    v("name", e.name);
    v("tier", e.tier);
    v("servers", e.servers);
    v("turnSecret", e.turn_secret);
    v("turnCredentialLifetime", e.turn_credential_lifetime);
}

void fields(auto& v, Of<t::OutboundRoute> auto& e) {
    v("id", e.id);
    v("name", e.name);
    v("enabled", e.enabled);
    v("classes", e.classes);
    v("distribution", e.distribution);
    v("trunks", e.trunks);
}

void fields(auto& v, Of<t::NumberPlan> auto& e) {
    v("id", e.id);
    v("name", e.name);
    v("pattern", e.pattern);
    v("class", e.destination_class);
    v("definition", e.definition);
    v("normalized", e.normalized);
}

void fields(auto& v, Of<t::Site> auto& e) {
    v("name", e.name);
    v("location", e.location);
    v("mediaRegions", e.media_regions);
    v("relay", e.relay);
    v("forceTurn", e.force_turn);
    v("callerId", e.caller_id);
    v("callerName", e.caller_name);
    v("numberPlans", e.number_plans);
    v("outboundRoutes", e.outbound_routes);
    v("agentRingTimeout", e.agent_ring_timeout);
    v("dialOrder", e.dial_order);
}

void fields(auto& v, Of<t::User> auto& e) {
    v("name", e.name);
    v("email", e.email);
    v("state", e.state);
    v("title", e.title);
    v("department", e.department);
    v("site", e.site);
    v("defaultStation", e.default_station);
    v("permissions", e.permissions);
    v("roles", e.roles);
}

void fields(auto& v, Of<t::PersistentConnection> auto& e) {
    v("enabled", e.enabled);
    v("timeout", e.timeout);
}

void fields(auto& v, Of<t::PhoneBaseSettings> auto& e) {
    v("name", e.name);
    v("model", e.model);
    v("persistentConnection", e.persistent_connection);
    v("transportDscp", e.transport_dscp);
    v("mediaDscp", e.media_dscp);
    v("autoAnswer", e.auto_answer);
}

void fields(auto& v, Of<t::SipAccount> auto& e) {
    v("username", e.username);
    v("ha1Md5", e.ha1_md5);
    v("ha1Sha256", e.ha1_sha256);
    v("digest", e.digest);
}

void fields(auto& v, Of<t::Phone> auto& e) {
    v("name", e.name);
    v("site", e.site);
    v("baseSettings", e.base_settings);
    v("user", e.user);
    v("station", e.station);
    v("sip", e.sip);
    v("enabled", e.enabled);
}

void fields(auto& v, Of<t::DialRule> auto& e) {
    v("pattern", e.pattern);
    v("prefix", e.prefix);
    v("description", e.description);
}

void fields(auto& v, Of<t::EndpointSettings> auto& e) {
    v("enabled", e.enabled);
    v("dialRules", e.dial_rules);
    v("networkConfig", e.network_config);
    v("codecs", e.codecs);
    v("stunServers", e.stun_servers);
    v("iceTransportPolicy", e.ice_transport_policy);
}

void fields(auto& v, Of<t::UserTelephonySettings> auto& e) {
    v("webRtc", e.web_rtc);
    v("sofia", e.sofia);
}

void fields(auto& v, Of<t::EdgeGroup> auto& e) {
    v("name", e.name);
}

void fields(auto& v, Of<t::SipProfile> auto& e) {
    v("name", e.name);
    v("codecs", e.codecs);
}

void fields(auto& v, Of<t::TrunkRegistration> auto& e) {
    v("type", e.type);
    v("host", e.host);
    v("port", e.port);
    v("username", e.username);
    v("password", e.password);
}

void fields(auto& v, Of<t::HealthProbe> auto& e) {
    v("enabled", e.enabled);
    v("interval", e.interval);
}

void fields(auto& v, Of<t::TrunkGateway> auto& e) {
    v("host", e.host);
    v("port", e.port);
    v("priority", e.priority);
}

void fields(auto& v, Of<t::TrunkBaseSettings> auto& e) {
    v("metabase", e.metabase);
    v("description", e.description);
    v("properties", e.properties);
    v("site", e.site);
    v("inboundSite", e.inbound_site);
}

void fields(auto& v, Of<t::Trunk> auto& e) {
    v("name", e.name);
    v("edgeGroup", e.edge_group);
    v("sipProfile", e.sip_profile);
    v("maxConcurrentSessions", e.max_concurrent_sessions);
    v("codecs", e.codecs);
    v("registration", e.registration);
    v("healthProbe", e.health_probe);
    v("gateways", e.gateways);
    v("sourceAddresses", e.source_addresses);
    v("transport", e.transport);
    v("media", e.media);
    v("mediaPort", e.media_port);
    v("mediaEncryption", e.media_encryption);
    v("calledNumber", e.called_number);
    v("numberTypes", e.number_types);
    v("autoProvisionNumbers", e.auto_provision_numbers);
    v("enabled", e.enabled);
    v("baseSettings", e.base_settings);
}

void fields(auto& v, Of<t::RouteTarget> auto& e) {
    v("kind", e.kind);
    v("id", e.id);
}

void fields(auto& v, Of<t::Queue> auto& e) {
    v("name", e.name);
    v("description", e.description);
    v("members", e.members);
    v("ringTimeout", e.ring_timeout);
    v("order", e.order);
    v("waitTimeout", e.wait_timeout);
    v("overflow", e.overflow);
}

void fields(auto& v, Of<t::Schedule> auto& e) {
    v("name", e.name);
    v("description", e.description);
    v("start", e.start);
    v("end", e.end);
    v("rrule", e.rrule);
}

void fields(auto& v, Of<t::ScheduleGroup> auto& e) {
    v("name", e.name);
    v("description", e.description);
    v("timeZone", e.time_zone);
    v("open", e.open);
    v("closed", e.closed);
    v("holidays", e.holidays);
}

void fields(auto& v, Of<t::MenuChoice> auto& e) {
    v("digit", e.digit);
    v("next", e.next);
}

void fields(auto& v, Of<t::FlowStep> auto& e) {
    v("id", e.id);
    v("kind", e.kind);
    v("prompt", e.prompt);
    v("next", e.next);
    v("choices", e.choices);
    v("tries", e.tries);
    v("digitTimeout", e.digit_timeout);
    v("noChoice", e.no_choice);
    v("scheduleGroup", e.schedule_group);
    v("open", e.open);
    v("holiday", e.holiday);
    v("target", e.target);
}

void fields(auto& v, Of<t::CallFlow> auto& e) {
    v("name", e.name);
    v("description", e.description);
    v("enabled", e.enabled);
    v("answer", e.answer);
    v("start", e.start);
    v("steps", e.steps);
    v("fallback", e.fallback);
}

void fields(auto& v, Of<t::NumberRouting> auto& e) {
    v("kind", e.kind);
    v("id", e.id);
    v("displayName", e.display_name);
    v("routingType", e.routing_type);
    v("callflow", e.callflow);
}

void fields(auto& v, Of<t::CarrierSetting> auto& e) {
    v("name", e.name);
    v("value", e.value);
}

void fields(auto& v, Of<t::SealedSetting> auto& e) {
    v("name", e.name);
    v("value", e.value);
    v("mask", e.mask);
}

void fields(auto& v, Of<t::TelephonyConfiguration> auto& e) {
    v("name", e.name);
    v("carrier", e.carrier);
    v("settings", e.settings);
    v("secrets", e.secrets);
    v("defaultOutbound", e.default_outbound);
}

void fields(auto& v, Of<t::CallerIdUse> auto& e) {
    v("configuration", e.configuration);
    v("address", e.address);
    v("countryCode", e.country_code);
    v("active", e.active);
    v("isDefault", e.is_default);
    v("metadata", e.metadata);
    v("added", e.added);
}

void fields(auto& v, Of<t::ProvisioningJob> auto& e) {
    v("id", e.id);
    v("kind", e.kind);
    v("externalId", e.external_id);
    v("began", e.began);
    v("mayExist", e.may_exist);
    v("attention", e.attention);
    v("carrierCode", e.carrier_code);
    v("carrierText", e.carrier_text);
}

void fields(auto& v, Of<t::Number> auto& e) {
    v("e164", e.e164);
    v("type", e.type);
    v("provider", e.provider);
    v("location", e.location);
    v("state", e.state);
    v("routing", e.routing);
    v("label", e.label);
    v("callerId", e.caller_id);
    v("job", e.job);
}

void fields(auto& v, Of<t::DidPool> auto& e) {
    v("name", e.name);
    v("description", e.description);
    v("start", e.start);
    v("end", e.end);
    v("comments", e.comments);
    v("provider", e.provider);
}

void fields(auto& v, Of<t::ExtensionPool> auto& e) {
    v("name", e.name);
    v("description", e.description);
    v("start", e.start);
    v("end", e.end);
}

void fields(auto& v, Of<t::WebhookHeader> auto& e) {
    v("name", e.name);
    v("value", e.value);
}

void fields(auto& v, Of<t::Webhook> auto& e) {
    v("name", e.name);
    v("description", e.description);
    v("eventTypes", e.event_types);
    v("filter", e.filter);
    v("targetUri", e.target_uri);
    v("headers", e.headers);
    v("enabled", e.enabled);
    v("secret", e.secret);
    v("previousSecret", e.previous_secret);
    v("previousUntil", e.previous_until);
}

void fields(auto& v, Of<t::Termination> auto& e) {
    v("result", e.result);
    v("reason", e.reason);
    v("sipStatus", e.sip_status);
    v("q850", e.q850);
}

void fields(auto& v, Of<t::Communication> auto& e) {
    v("id", e.id);
    v("state", e.state);
    v("direction", e.direction);
    v("address", e.address);
    v("codec", e.codec);
    v("held", e.held);
    v("muted", e.muted);
    v("confined", e.confined);
    v("trunk", e.trunk);
    v("phone", e.phone);
    v("sipCallId", e.sip_call_id);
    v("started", e.started);
    v("connected", e.connected);
    v("ended", e.ended);
    v("termination", e.termination);
}

void fields(auto& v, Of<t::Participant> auto& e) {
    v("id", e.id);
    v("purpose", e.purpose);
    v("user", e.user);
    v("name", e.name);
    v("address", e.address);
    v("communications", e.communications);
}

void fields(auto& v, Of<t::RouteStep> auto& e) {
    v("time", e.time);
    v("type", e.type);
    v("flow", e.flow);
    v("queue", e.queue);
    v("user", e.user);
    v("step", e.step);
    v("detail", e.detail);
}

void fields(auto& v, Of<t::Conversation> auto& e) {
    v("status", e.status);
    v("direction", e.direction);
    v("agent", e.agent);
    v("callerId", e.caller_id);
    v("callerName", e.caller_name);
    v("destination", e.destination);
    v("dialed", e.dialed);
    v("participants", e.participants);
    v("route", e.route);
    v("termination", e.termination);
    v("createdBy", e.meta.created_by);
    v("modified", e.meta.modified);
    v("started", e.started);
    v("initiated", e.initiated);
    v("ringing", e.ringing);
    v("connected", e.connected);
    v("ended", e.ended);
}

void fields(auto& v, Of<t::AccessGrant> auto& e) {
    v("kind", e.kind);
    v("client", e.client);
    v("user", e.user);
    v("console", e.console);
    v("scopes", e.scopes);
    v("issued", e.issued);
    v("family", e.family);
    v("spent", e.spent);
    v("redirectUri", e.redirect_uri);
    v("challenge", e.challenge);
}

}  // namespace dp::store
