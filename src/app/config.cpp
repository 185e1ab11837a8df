#include "app/config.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "base/ascii.hpp"

namespace dp::app {
namespace {

constexpr std::uintmax_t kMaxFileSize = std::uintmax_t{1} << 20U;

const Setting* find_setting(std::string_view key) {
    const auto& all = settings();
    auto it = std::ranges::find(all, key, &Setting::key);
    return it == all.end() ? nullptr : &*it;
}

std::string replaced(std::string_view key, char from, char to) {
    std::string out(key);
    std::ranges::replace(out, from, to);
    return out;
}

Result<void> take_file_value(RawConfig& raw, const std::string& key, const YAML::Node& node,
                             const std::string& source) {
    const Setting* setting = find_setting(key);
    if (!setting) return fail(ErrorCode::InvalidValue, fmt::format("{} is no setting ({}).", key, source), key);
    RawValue value{{}, source};
    if (node.IsScalar()) {
        value.items.push_back(node.as<std::string>());
    } else if (node.IsSequence() && setting->kind == SettingKind::List) {
        for (const auto& item : node) value.items.push_back(item.as<std::string>());
    } else if (node.IsMap() && setting->kind == SettingKind::Map) {
        for (const auto& item : node)
            value.items.push_back(fmt::format("{}={}", item.first.as<std::string>(), item.second.as<std::string>()));
    } else {
        return fail(ErrorCode::InvalidValue, fmt::format("{} has the wrong shape ({}).", key, source), key);
    }
    raw[key] = std::move(value);
    return {};
}

// A map whose key is not itself a setting is a group: `tls: {name: …}` is `tls.name`.
Result<void> take_group(RawConfig& raw, const std::string& prefix, const YAML::Node& group, const std::string& source) {
    for (const auto& entry : group) {
        const std::string key =
            prefix.empty() ? entry.first.as<std::string>() : prefix + "." + entry.first.as<std::string>();
        if (entry.second.IsMap() && !find_setting(key))
            DP_CHECK(take_group(raw, key, entry.second, source));
        else
            DP_CHECK(take_file_value(raw, key, entry.second, source));
    }
    return {};
}

Result<void> take_file(RawConfig& raw, const std::string& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error)
        return fail(ErrorCode::NotFound,
                    fmt::format("The configuration file {} cannot be read: {}.", path, error.message()), "config");
    if (size > kMaxFileSize)
        return fail(ErrorCode::TooLarge, fmt::format("The configuration file {} is larger than 1 MiB.", path),
                    "config");
    try {
        const YAML::Node root = YAML::LoadFile(path);
        if (root.IsNull()) return {};
        if (!root.IsMap())
            return fail(ErrorCode::MalformedInput, fmt::format("{} must be a YAML map of settings.", path), "config");
        return take_group(raw, "", root, "file " + path);
    } catch (const YAML::Exception& problem) {
        return fail(ErrorCode::MalformedInput, fmt::format("{} is not valid YAML: {}.", path, problem.what()),
                    "config");
    }
}

/// Typed access to the merged values; errors name setting, source and rule.
class Reader {
public:
    explicit Reader(const RawConfig& raw) : raw_(raw) {}

    const std::vector<std::string>& items(std::string_view key) const { return raw_.find(key)->second.items; }
    std::string text(std::string_view key) const { return items(key).empty() ? "" : items(key).back(); }

    std::unexpected<Error> refuse(std::string_view key, std::string_view rule) const {
        return fail(ErrorCode::InvalidValue,
                    fmt::format("{} = \"{}\" ({}): {}.", key, text(key), raw_.find(key)->second.source, rule),
                    std::string(key));
    }

    Result<std::optional<Endpoint>> endpoint(std::string_view key) const {
        if (text(key).empty() || text(key) == "off") return std::optional<Endpoint>{};
        auto parsed = Endpoint::parse(text(key));
        if (!parsed) return refuse(key, "must be ADDRESS:PORT with a numeric address, or off");
        return std::optional(*parsed);
    }

    Result<unsigned> number(std::string_view key, unsigned low, unsigned high) const {
        auto parsed = ascii::parse_decimal<unsigned>(text(key));
        if (!parsed || *parsed < low || *parsed > high)
            return refuse(key, fmt::format("must be a number from {} to {}", low, high));
        return *parsed;
    }

    Result<bool> flag(std::string_view key) const {
        const auto value = text(key);
        if (value == "true" || value == "1" || value == "yes" || value == "on") return true;
        if (value.empty() || value == "false" || value == "0" || value == "no" || value == "off") return false;
        return refuse(key, "must be true or false");
    }

    Result<PortRange> ports(std::string_view key) const {
        const auto value = text(key);
        const auto dash = value.find('-');
        const auto first = ascii::parse_decimal<std::uint16_t>(std::string_view(value).substr(0, dash));
        const auto last = dash == std::string::npos
                              ? std::nullopt
                              : ascii::parse_decimal<std::uint16_t>(std::string_view(value).substr(dash + 1));
        if (!first || !last || *first < 1024 || *last < *first + 3)
            return refuse(key, "must be FIRST-LAST, from 1024 up, at least four ports");
        return PortRange{*first, *last};
    }

    Result<std::map<std::string, std::string>> pairs(std::string_view key) const {
        std::map<std::string, std::string> out;
        for (const auto& item : items(key)) {
            const auto equals = item.find('=');
            if (equals == std::string::npos || equals == 0 || equals + 1 == item.size())
                return refuse(key, "must be NAME=ADDRESS");
            out[ascii::lower(item.substr(0, equals))] = item.substr(equals + 1);
        }
        return out;
    }

private:
    const RawConfig& raw_;
};

Result<log::Level> level_of(const Reader& reader) {
    static const std::map<std::string, log::Level, std::less<>> kLevels{{"debug", log::Level::Debug},
                                                                        {"info", log::Level::Info},
                                                                        {"warn", log::Level::Warn},
                                                                        {"error", log::Level::Error}};
    auto it = kLevels.find(reader.text("log.level"));
    if (it == kLevels.end()) return reader.refuse("log.level", "must be debug, info, warn or error");
    return it->second;
}

/// Where the data lie when nobody says.
std::string default_data(const EnvironmentLookup& environment) {
    return (std::filesystem::path(environment("HOME").value_or(".")) / ".local/share/dialplane").string();
}

/// Scripts read paths from first-run.json in whatever folder they stand.
std::filesystem::path absolute(const std::string& path) {
    std::error_code error;
    auto out = std::filesystem::absolute(path, error).lexically_normal();
    if (out.filename().empty()) out = out.parent_path();  // DIR/
    return error ? std::filesystem::path(path) : out;
}

}  // namespace

const std::vector<Setting>& settings() {
    static const std::vector<Setting> table{
        {"data", SettingKind::Text, "", "DIR",
         "where database, keys and certificates live (default ~/.local/share/dialplane)"},
        {"http", SettingKind::Text, "127.0.0.1:8080", "HOST:PORT",
         "HTTP: API, console, SIP over WebSocket; off to disable"},
        {"https", SettingKind::Text, "127.0.0.1:8443", "HOST:PORT", "HTTPS and WSS; off to disable"},
        {"sip", SettingKind::Text, "127.0.0.1:5060", "HOST:PORT", "SIP over UDP and TCP; off to disable"},
        {"sip-v6", SettingKind::Text, "", "[HOST]:PORT", "SIP over UDP and TCP on IPv6 as well, media with it"},
        {"sips", SettingKind::Text, "127.0.0.1:5061", "HOST:PORT", "SIP over TLS; off to disable"},
        {"advertise", SettingKind::Text, "", "IP",
         "address put into SIP and SDP when it is not the bound one (1:1 NAT)"},
        {"sandbox", SettingKind::Flag, "false", "", "run the sandbox carrier beside the server and connect to it"},
        {"sandbox.sip", SettingKind::Text, "127.0.0.1:5070", "HOST:PORT", "where the sandbox carrier listens"},
        {"sandbox.http", SettingKind::Text, "", "HOST:PORT",
         "where the sandbox carrier takes orders for numbers (default: a free port); without --sandbox: where one "
         "does"},
        {"numbers.attention", SettingKind::Text, "300", "SECONDS",
         "after this long in provisioning a number asks for attention"},
        {"tls.certificate", SettingKind::Text, "", "FILE", "PEM certificate chain; without it one is made"},
        {"tls.key", SettingKind::Text, "", "FILE", "PEM private key of tls.certificate"},
        {"tls.ca", SettingKind::Text, "", "FILE",
         "PEM authorities that carriers' certificates are checked against, besides the system's"},
        {"tls.name", SettingKind::List, "", "NAME", "exact host name in the certificate that is made (repeatable)"},
        {"dns.hosts", SettingKind::Map, "", "NAME=ADDRESS", "names answered from here instead of DNS (repeatable)"},
        {"media.ports", SettingKind::Text, "10000-32767", "FIRST-LAST", "UDP ports for RTP and RTCP"},
        {"media.workers", SettingKind::Text, "0", "N", "media threads; 0 chooses by cores"},
        {"drain", SettingKind::Text, "10", "SECONDS", "how long SIGTERM waits for calls to end"},
        {"issuer", SettingKind::List, "", "URL",
         "name of this server for OAuth: in JWT assertions (aud) and, the first, its metadata; by default its own "
         "addresses (repeatable)"},
        {"webhooks.private-targets", SettingKind::Flag, "false", "",
         "deliver webhooks to private and loopback addresses too; --sandbox allows loopback by itself"},
        {"events.keep-days", SettingKind::Text, "400", "DAYS",
         "how long events stay in the log; 0: for good. Audit entries always stay"},
        {"rate-limit", SettingKind::Text, "300", "N", "API requests per minute and client; 0 is unlimited"},
        {"probe-private", SettingKind::Flag, "false", "",
         "let diagnostics probe STUN and TURN servers at private addresses (with --sandbox they may)"},
        {"log.level", SettingKind::Text, "info", "LEVEL", "debug, info, warn or error"},
        {"log.file", SettingKind::Text, "", "FILE", "log to a file instead of standard error"},
    };
    return table;
}

std::string option_of(const Setting& setting) {
    return "--" + replaced(setting.key, '.', '-');
}

std::string variable_of(const Setting& setting) {
    std::string out = "DP_" + replaced(replaced(setting.key, '.', '_'), '-', '_');
    for (char& c : out)
        if (ascii::is_lower(c)) c = static_cast<char>(c - 32);
    return out;
}

Result<RawConfig> merge(const std::map<std::string, std::vector<std::string>>& options,
                        const EnvironmentLookup& environment) {
    RawConfig raw;
    for (const auto& setting : settings()) {
        RawValue value;
        if (!setting.preset.empty()) value.items.emplace_back(setting.preset);
        raw[std::string(setting.key)] = std::move(value);
    }

    const auto named = options.find("config");
    const auto file = named != options.end() ? std::optional(named->second.back()) : environment("DP_CONFIG");
    if (file) DP_CHECK(take_file(raw, *file));

    for (const auto& setting : settings()) {
        const std::string key(setting.key);
        if (auto value = environment(variable_of(setting))) {
            RawValue taken{{}, variable_of(setting)};
            if (setting.kind == SettingKind::List || setting.kind == SettingKind::Map)
                for (auto part : ascii::split(*value, ',')) taken.items.emplace_back(ascii::trim(part));
            else
                taken.items.push_back(*value);
            raw[key] = std::move(taken);
        }
        if (auto it = options.find(key); it != options.end()) raw[key] = {it->second, option_of(setting)};
    }
    if (auto& data = raw["data"]; data.items.empty() || data.items.back().empty()) data = {{default_data(environment)}};
    return raw;
}

Result<Config> validate(const RawConfig& raw) {
    const Reader read(raw);
    Config out;
    out.data = absolute(read.text("data"));
    DP_TRY(http, read.endpoint("http"));
    DP_TRY(https, read.endpoint("https"));
    DP_TRY(sip, read.endpoint("sip"));
    DP_TRY(sip_v6, read.endpoint("sip-v6"));
    if (sip_v6 && sip_v6->address.is_v4()) return read.refuse("sip-v6", "must be an IPv6 address");
    if (sip_v6 && sip && !sip->address.is_v4()) return read.refuse("sip-v6", "sip is an IPv6 address already");
    DP_TRY(sips, read.endpoint("sips"));
    DP_TRY(sandbox_sip, read.endpoint("sandbox.sip"));
    DP_TRY(sandbox_http, read.endpoint("sandbox.http"));
    DP_TRY(number_attention, read.number("numbers.attention", 1, 86'400));
    DP_TRY(sandbox, read.flag("sandbox"));
    DP_TRY(hosts, read.pairs("dns.hosts"));
    DP_TRY(ports, read.ports("media.ports"));
    DP_TRY(workers, read.number("media.workers", 0, 64));
    DP_TRY(drain, read.number("drain", 0, 3600));
    DP_TRY(private_targets, read.flag("webhooks.private-targets"));
    DP_TRY(events_kept, read.number("events.keep-days", 0, 36'500));
    DP_TRY(rate_limit, read.number("rate-limit", 0, 1'000'000));
    DP_TRY(probe_private, read.flag("probe-private"));
    DP_TRY(level, level_of(read));
    if (auto text = read.text("advertise"); !text.empty()) {
        out.advertise = IpAddress::parse(text);
        if (!out.advertise) return read.refuse("advertise", "must be a numeric IP address");
    }
    out.tls_certificate = read.text("tls.certificate");
    out.tls_key = read.text("tls.key");
    if (out.tls_certificate.empty() != out.tls_key.empty())
        return read.refuse("tls.certificate", "tls.certificate and tls.key must be given together");
    out.http = http, out.https = https, out.sip = sip, out.sip_v6 = sip_v6, out.sips = sips,
    out.sandbox_sip = sandbox_sip;
    out.sandbox_http = sandbox_http;
    out.number_attention = std::chrono::seconds(number_attention);
    out.sandbox = sandbox;
    out.tls_ca = read.text("tls.ca");
    out.tls_names = read.items("tls.name");
    out.dns_hosts = std::move(hosts);
    out.media_ports = ports, out.media_workers = workers;
    out.drain = std::chrono::seconds(drain);
    out.webhooks_private_targets = private_targets;
    out.events_kept = std::chrono::days(events_kept);
    out.rate_limit_per_minute = rate_limit;
    out.probe_private = probe_private;
    out.issuers = read.items("issuer");
    out.log_level = level, out.log_file = read.text("log.file");
    return out;
}

std::string render(const RawConfig& raw) {
    std::string out;
    for (const auto& setting : settings()) {
        const auto& value = raw.find(setting.key)->second;
        std::string text;
        for (const auto& item : value.items) text += (text.empty() ? "" : ", ") + item;
        const bool many = setting.kind == SettingKind::List || setting.kind == SettingKind::Map;
        out += fmt::format("{:<44} # {}\n",
                           fmt::format("{}: {}", setting.key,
                                       many           ? "[" + text + "]"
                                       : text.empty() ? "\"\""
                                                      : text),
                           value.source);
    }
    return out;
}

}  // namespace dp::app
