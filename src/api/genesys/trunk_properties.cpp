#include "api/genesys/trunk_properties.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/endpoint.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::CodecList;
using telephony::CodecSpelling;
using telephony::RegistrationType;
using telephony::Trunk;
using telephony::TrunkGateway;
using telephony::TrunkTransport;

namespace {

constexpr std::string_view kEnabled = "trunk_enabled";
constexpr std::string_view kTransport = "trunk_transport_protocolVariant";
constexpr std::string_view kProxies = "trunk_transport_serverProxyList";
constexpr std::string_view kUser = "trunk_sip_authentication_credentials_username";
constexpr std::string_view kPassword = "trunk_sip_authentication_credentials_password";
constexpr std::string_view kSources = "trunk_access_acl_allowList";
constexpr std::string_view kCodecs = "trunk_media_codec";
constexpr std::size_t kMaxItems = 32;

std::unexpected<Error> refuse(std::string_view key, std::string_view rule) {
    const std::string field = "properties." + std::string(key);
    return fail(ErrorCode::InvalidValue, field + " " + std::string(rule) + ".", field);
}

const json::value* instance(const json::object& properties, std::string_view key) {
    const auto* property = properties.if_contains(key);
    const auto* value = property && property->is_object() ? property->get_object().if_contains("value") : nullptr;
    return value && value->is_object() ? value->get_object().if_contains("instance") : nullptr;
}

void set_instance(json::object& properties, std::string_view key, json::value value) {
    auto& property = properties[key];
    if (!property.is_object()) property = json::object{};
    auto& holder = property.get_object()["value"];
    if (!holder.is_object()) holder = json::object{};
    holder.get_object()["instance"] = std::move(value);
}

json::array text_array(const std::vector<std::string>& texts) {
    json::array out;
    for (const auto& text : texts) out.emplace_back(text);
    return out;
}

Result<std::string> text_at(const json::object& properties, std::string_view key, std::size_t longest = 256) {
    const auto* value = instance(properties, key);
    if (!value || value->is_null()) return std::string();
    if (!value->is_string() || value->get_string().size() > longest) return refuse(key, "must be a string");
    return std::string(value->get_string());
}

Result<std::vector<std::string>> texts_at(const json::object& properties, std::string_view key) {
    std::vector<std::string> out;
    const auto* value = instance(properties, key);
    if (!value || value->is_null()) return out;
    if (!value->is_array() || value->get_array().size() > kMaxItems)
        return refuse(key, "must be an array of at most 32 strings");
    for (const auto& item : value->get_array()) {
        if (!item.is_string() || item.get_string().size() > 256) return refuse(key, "must be an array of strings");
        out.emplace_back(item.get_string());
    }
    return out;
}

/// `host`, `host:port`, `[v6]:port`; the port as SIP has it where none is said.
Result<TrunkGateway> proxy_from(std::string_view text, std::int32_t priority) {
    TrunkGateway out{.host = std::string(text), .port = 5060, .priority = priority};
    const auto colon = text.rfind(':');
    const bool bare_v6 = text.find(':') != colon && !text.ends_with(']') && text.find("]:") == std::string_view::npos;
    if (bare_v6 && !IpAddress::parse(text)) return refuse(kProxies, "must hold HOST or HOST:PORT");
    if (colon == std::string_view::npos || text.ends_with(']') || bare_v6) return out;
    const auto port = ascii::parse_decimal<std::uint16_t>(text.substr(colon + 1));
    if (!port) return refuse(kProxies, "must hold HOST or HOST:PORT");
    out.host = std::string(text.substr(0, colon));
    out.port = *port == 0 ? 5060 : *port;
    return out;
}

std::vector<std::string> proxies_of(const Trunk& trunk) {
    std::vector<std::string> out;
    for (const auto& gateway : telephony::gateways_of(trunk))
        out.push_back(gateway.host + ":" + std::to_string(gateway.port));
    return out;
}

std::string_view transport_name(TrunkTransport transport) {
    return transport == TrunkTransport::Tls ? "TLS" : transport == TrunkTransport::Tcp ? "TCP" : "UDP";
}

std::vector<std::string> codec_names(const CodecList& codecs) {
    std::vector<std::string> out;
    for (const auto codec : codecs) out.emplace_back(telephony::name_of(codec, CodecSpelling::Genesys));
    return out;
}

Result<void> read_transport(const json::object& properties, Trunk& trunk) {
    DP_TRY(name, text_at(properties, kTransport));
    for (const auto known : {TrunkTransport::Udp, TrunkTransport::Tcp, TrunkTransport::Tls})
        if (ascii::iequals(name, transport_name(known))) return trunk.transport = known, Result<void>();
    return name.empty() ? Result<void>() : refuse(kTransport, "must be UDP, TCP or TLS");
}

Result<void> read_proxies(const json::object& properties, Trunk& trunk) {
    DP_TRY(texts, texts_at(properties, kProxies));
    if (texts.empty()) return {};
    std::vector<TrunkGateway> gateways;
    for (const auto& text : texts) {
        DP_TRY(gateway, proxy_from(text, static_cast<std::int32_t>(gateways.size())));
        gateways.push_back(std::move(gateway));
    }
    trunk.registration.host = gateways.front().host;
    trunk.registration.port = gateways.front().port;
    trunk.gateways = gateways.size() > 1 ? std::move(gateways) : std::vector<TrunkGateway>();
    return {};
}

Result<void> read_account(const json::object& properties, telephony::TrunkCommand& command) {
    auto& registration = command.trunk.registration;
    if (properties.contains(kUser)) {
        DP_TRY(user, text_at(properties, kUser, 128));
        registration.username = std::move(user);
    }
    DP_TRY(password, text_at(properties, kPassword));
    const bool new_password = !password.empty() && password != telephony::kMaskedSecret;
    if (new_password) command.password = std::move(password);
    if (registration.username.empty())
        registration.type = RegistrationType::None;
    else if (new_password)
        registration.type = RegistrationType::Register;
    return {};
}

Result<void> read_codecs(const json::object& properties, const telephony::SipProfile* profile,
                         telephony::TrunkCommand& command) {
    DP_TRY(names, texts_at(properties, kCodecs));
    CodecList codecs;
    for (const auto& name : names) {
        const auto codec = telephony::codec_from(name, CodecSpelling::Genesys);
        if (!codec) return refuse(kCodecs, "names the unsupported codec " + name);
        if (std::ranges::find(codecs, *codec) == codecs.end()) codecs.push_back(*codec);
    }
    // The profile's list, shown for a trunk without codecs and sent back, is no list of its own.
    const bool profiles = command.trunk.codecs.empty() && profile && profile->codecs == codecs;
    command.exact_codecs = profiles ? CodecList() : std::move(codecs);
    return {};
}

}  // namespace

json::object trunk_properties(const Trunk& trunk, const telephony::SipProfile* profile) {
    boost::system::error_code damaged;
    auto stored = json::parse(trunk.base_settings.properties.empty() ? "{}" : trunk.base_settings.properties, damaged);
    json::object out = !damaged && stored.is_object() ? std::move(stored.get_object()) : json::object();
    // What says the same in other words stays as the client wrote it.
    Trunk as_written = trunk;
    const bool same_transport =
        instance(out, kTransport) && read_transport(out, as_written) && as_written.transport == trunk.transport;
    if (!same_transport) set_instance(out, kTransport, json::value(transport_name(trunk.transport)));
    const bool same_proxies =
        instance(out, kProxies) && read_proxies(out, as_written) && proxies_of(as_written) == proxies_of(trunk);
    if (!same_proxies) set_instance(out, kProxies, text_array(proxies_of(trunk)));
    set_instance(out, kEnabled, trunk.enabled);
    if (!trunk.registration.username.empty() || instance(out, kUser))
        set_instance(out, kUser, json::value(trunk.registration.username));
    out.erase(kPassword);
    if (!trunk.registration.password.empty()) set_instance(out, kPassword, telephony::kMaskedSecret);
    if (!trunk.source_addresses.empty() || instance(out, kSources))
        set_instance(out, kSources, text_array(trunk.source_addresses));
    const auto& codecs = trunk.codecs.empty() && profile ? profile->codecs : trunk.codecs;
    set_instance(out, kCodecs, text_array(codec_names(codecs)));
    return out;
}

Result<void> read_trunk_properties(const json::object& properties, const telephony::SipProfile* profile,
                                   telephony::TrunkCommand& command) {
    Trunk& trunk = command.trunk;
    if (const auto* enabled = instance(properties, kEnabled)) {
        if (!enabled->is_bool()) return refuse(kEnabled, "must be true or false");
        trunk.enabled = enabled->get_bool();
    }
    DP_CHECK(read_transport(properties, trunk));
    DP_CHECK(read_proxies(properties, trunk));
    DP_CHECK(read_account(properties, command));
    if (properties.contains(kSources)) {
        DP_TRY(sources, texts_at(properties, kSources));
        trunk.source_addresses = std::move(sources);
    }
    command.exact_codecs = trunk.codecs;
    if (properties.contains(kCodecs)) DP_CHECK(read_codecs(properties, profile, command));
    json::object kept = properties;
    kept.erase(kPassword);
    trunk.base_settings.properties = json::serialize(kept);
    if (trunk.base_settings.properties.size() > 64 * 1024)
        return fail(ErrorCode::InvalidValue, "properties may have at most 64 KiB.", "properties");
    return {};
}

}  // namespace dp::api
