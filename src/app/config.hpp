#pragma once
/// @file Configuration: one table of settings, each with its option (`--tls-name`), its variable (`DP_TLS_NAME`), its
/// place in the YAML file (`tls.name`) and its default. A later source wins: default, file, environment, option.
/// `dialplane serve
/// --print-config` shows every value and where it came from.
///
/// Read once at start-up, on the main thread; immutable afterwards. Errors name the setting, its source and the rule.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.hpp"
#include "base/log.hpp"
#include "base/result.hpp"

namespace dp::app {

/// How a setting is written.
enum class SettingKind { Text, List, Map, Flag };

struct Setting {
    std::string_view key;  ///< place in the file, dots for nesting; the option is `--` + key with dots as dashes
    SettingKind kind;
    std::string_view preset;  ///< default
    std::string_view placeholder;
    std::string_view help;
};

/// Every setting there is.
const std::vector<Setting>& settings();
std::string option_of(const Setting& setting);    ///< `--tls-name`
std::string variable_of(const Setting& setting);  ///< `DP_TLS_NAME`

/// Values as text, before validation, with their source in words ("default", "file dp.yaml", "DP_HTTP", "--http").
struct RawValue {
    std::vector<std::string> items;
    std::string source = "default";
};
using RawConfig = std::map<std::string, RawValue, std::less<>>;

struct PortRange {
    std::uint16_t first = 0;
    std::uint16_t last = 0;
};

/// The validated configuration.
struct Config {
    std::filesystem::path data;
    std::optional<Endpoint> http;
    std::optional<Endpoint> https;
    std::optional<Endpoint> sip;
    std::optional<Endpoint> sip_v6;
    std::optional<Endpoint> sips;
    std::optional<IpAddress> advertise;
    bool sandbox = false;
    std::optional<Endpoint> sandbox_sip;
    std::optional<Endpoint> sandbox_http;
    std::chrono::seconds number_attention{300};
    std::filesystem::path tls_certificate;
    std::filesystem::path tls_key;
    std::filesystem::path tls_ca;
    std::vector<std::string> tls_names;
    std::map<std::string, std::string> dns_hosts;
    PortRange media_ports;
    unsigned media_workers = 0;
    std::chrono::seconds drain{0};
    std::vector<std::string> issuers;  ///< empty: the addresses bound
    bool webhooks_private_targets = false;
    std::chrono::days events_kept{0};    ///< 0: for good
    unsigned rate_limit_per_minute = 0;  ///< 0 = unlimited
    bool probe_private = false;          ///< diagnostics may probe STUN and TURN servers at private addresses
    log::Level log_level = log::Level::Info;
    std::string log_file;
};

using EnvironmentLookup = std::function<std::optional<std::string>(const std::string&)>;

/// Merges the sources. `options` holds what the command line gave, by setting key. The file is `options["config"]`,
/// else DP_CONFIG; an unknown key in it is an error.
Result<RawConfig> merge(const std::map<std::string, std::vector<std::string>>& options,
                        const EnvironmentLookup& environment);
Result<Config> validate(const RawConfig& raw);
/// YAML with the source of each value behind it.
std::string render(const RawConfig& raw);

}  // namespace dp::app
