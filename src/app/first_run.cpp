#include "app/first_run.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "app/private_file.hpp"

namespace dp::app {

namespace json = boost::json;

namespace {

Result<json::object> read_object(const std::filesystem::path& path) {
    std::ifstream file(path);
    if (!file)
        return fail(ErrorCode::NotFound,
                    fmt::format("{} is not there: start `dialplane serve` first, or give --data.", path.string()));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    boost::system::error_code error;
    auto value = json::parse(text, error);
    if (error || !value.is_object())
        return fail(ErrorCode::MalformedInput, fmt::format("{} is not a JSON object.", path.string()));
    return std::move(value.get_object());
}

json::array agents_json(const telephony::FirstRunSecrets& secrets) {
    json::array out;
    for (const auto& agent : secrets.agents)
        out.push_back(json::object{{"userId", agent.user.str()},
                                   {"name", agent.name},
                                   {"callerId", agent.caller_id},
                                   {"phoneId", agent.phone.str()},
                                   {"stationId", agent.station.str()},
                                   {"sip", json::object{{"username", agent.sip_username},
                                                        {"password", agent.sip_password},
                                                        {"domain", agent.sip_domain}}}});
    return out;
}

void add_secrets(json::object& out, const telephony::FirstRunSecrets& secrets) {
    json::array scopes;
    for (const auto& scope : secrets.oauth_scopes) scopes.emplace_back(scope);
    out["oauth"] = json::object{
        {"clientId", secrets.oauth_client_id}, {"clientSecret", secrets.oauth_client_secret}, {"scopes", scopes}};
    out["apiKey"] = secrets.api_key;
    out["console"] = json::object{{"user", secrets.console_user}, {"password", secrets.console_password}};
    out["agents"] = agents_json(secrets);
    out["edgeGroupId"] = secrets.edge_group.str();
    out["sipProfileId"] = secrets.sip_profile.str();
}

void add_addresses(json::object& out, const Addresses& addresses) {
    out["baseUrl"] = addresses.base_url;
    out["tls"] = json::object{{"caFile", addresses.ca_file}};
    if (auto* agents = out.if_contains("agents"); agents && agents->is_array())
        for (auto& agent : agents->get_array()) {
            auto& sip = agent.as_object()["sip"].as_object();
            sip["registrar"] = addresses.sip_registrar;
            sip["wsUri"] = addresses.sip_ws_uri;
        }
    out.erase("carrier");
    if (addresses.carrier)
        out["carrier"] = json::object{{"host", addresses.carrier->host},
                                      {"port", addresses.carrier->port},
                                      {"username", addresses.carrier->username},
                                      {"password", addresses.carrier->password},
                                      {"ordersUrl", addresses.carrier->orders_url}};
}

std::string text_at(const json::object& object, std::string_view group, std::string_view key) {
    const auto* inner = object.if_contains(group);
    const auto* value = inner && inner->is_object() ? inner->get_object().if_contains(key) : nullptr;
    return value && value->is_string() ? std::string(value->get_string()) : "";
}

}  // namespace

std::filesystem::path first_run_path(const std::filesystem::path& data) {
    return data / "first-run.json";
}

namespace {

std::filesystem::path kept_path(const std::filesystem::path& data) {
    return data / "first-run.new";
}

}  // namespace

Result<void> keep_first_run(const std::filesystem::path& data, const telephony::FirstRunSecrets& secrets) {
    json::object out;
    add_secrets(out, secrets);
    return write_private_file(kept_path(data), json::serialize(out) + "\n");
}

Result<void> write_first_run(const std::filesystem::path& data, const Addresses& addresses,
                             const std::optional<telephony::FirstRunSecrets>& secrets) {
    json::object out;
    if (secrets) {
        add_secrets(out, *secrets);
    } else if (auto kept = read_object(kept_path(data))) {
        out = std::move(*kept);
    } else if (auto present = read_object(first_run_path(data))) {
        out = std::move(*present);
    } else {
        return {};  // removed by the operator, who has the secrets: nothing to bring up to date
    }
    add_addresses(out, addresses);
    DP_CHECK(write_private_file(first_run_path(data), json::serialize(out) + "\n"));
    std::error_code absent;
    std::filesystem::remove(kept_path(data), absent);
    return {};
}

std::optional<ConsoleLogin> untold_console_login(const std::filesystem::path& data) {
    const auto kept = read_object(kept_path(data));
    if (!kept) return std::nullopt;
    return ConsoleLogin{text_at(*kept, "console", "user"), text_at(*kept, "console", "password")};
}

Result<FirstRun> read_first_run(const std::filesystem::path& data) {
    DP_TRY(object, read_object(first_run_path(data)));
    FirstRun out;
    if (const auto* url = object.if_contains("baseUrl"); url && url->is_string())
        out.base_url = std::string(url->get_string());
    out.ca_file = text_at(object, "tls", "caFile");
    out.client_id = text_at(object, "oauth", "clientId");
    out.client_secret = text_at(object, "oauth", "clientSecret");
    return out;
}

}  // namespace dp::app
