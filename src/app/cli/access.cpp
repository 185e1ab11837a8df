#include "app/cli/access.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "app/first_run.hpp"
#include "app/private_file.hpp"

namespace dp::app::cli {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

fs::path home() {
    const char* home = std::getenv("HOME");
    return home ? home : ".";
}

std::string without_slashes(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

/// `{"current": URL, "logins": {URL: {"clientId", "clientSecret", "caFile"}}}`; empty when there is no file.
Result<json::object> read_logins() {
    std::ifstream file(login_file());
    if (!file) return json::object{};
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    boost::system::error_code error;
    auto value = json::parse(text, error);
    if (error || !value.is_object())
        return fail(ErrorCode::MalformedInput,
                    fmt::format("{} is not a JSON object: remove it and log in again.", login_file().string()));
    return std::move(value.get_object());
}

json::object& logins_of(json::object& file) {
    auto& logins = file["logins"];
    if (!logins.is_object()) logins.emplace_object();
    return logins.get_object();
}

std::string text_at(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value && value->is_string() ? std::string(value->get_string()) : "";
}

/// base_url stays empty when nothing is stored for `url` (empty: the one in use).
Result<ApiAccess> stored_login(const std::string& url) {
    DP_TRY(file, read_logins());
    const auto wanted = url.empty() ? text_at(file, "current") : without_slashes(url);
    const auto* login = logins_of(file).if_contains(wanted);
    if (!login || !login->is_object()) return ApiAccess{};
    const auto& fields = login->get_object();
    return ApiAccess{wanted, text_at(fields, "clientId"), text_at(fields, "clientSecret"), text_at(fields, "caFile")};
}

Result<ApiAccess> first_run_access(const fs::path& data) {
    DP_TRY(server, read_first_run(data));
    return ApiAccess{server.base_url, server.client_id, server.client_secret, server.ca_file};
}

Result<ApiAccess> found_access(const Connection& connection) {
    if (!connection.data.empty()) return first_run_access(connection.data);
    DP_TRY(stored, stored_login(connection.url));
    if (!stored.base_url.empty()) return stored;
    auto local = first_run_access(default_data());
    if (!local && local.error().code == ErrorCode::NotFound)
        return fail(ErrorCode::NotFound,
                    "No server is known: log in with `dialplane login`, or give --data (a server's data directory).");
    return local;
}

}  // namespace

fs::path default_data() {
    if (const char* data = std::getenv("DP_DATA")) return data;
    return home() / ".local/share/dialplane";
}

fs::path login_file() {
    const char* config = std::getenv("XDG_CONFIG_HOME");
    return (config && *config ? fs::path(config) : home() / ".config") / "dialplane" / "login.json";
}

Result<ApiAccess> find_access(const Connection& connection) {
    DP_TRY(access, found_access(connection));
    if (!connection.url.empty()) access.base_url = connection.url;
    if (!connection.ca_file.empty()) access.ca_file = connection.ca_file;
    access.base_url = without_slashes(access.base_url);
    return access;
}

Result<std::unique_ptr<ApiSession>> connect(const Connection& connection) {
    DP_TRY(access, find_access(connection));
    return ApiSession::open(std::move(access));
}

Result<void> remember_login(const ApiAccess& access) {
    DP_TRY(file, read_logins());
    const auto url = without_slashes(access.base_url);
    logins_of(file)[url] = json::object{
        {"clientId", access.client_id}, {"clientSecret", access.client_secret}, {"caFile", access.ca_file}};
    file["current"] = url;
    std::error_code ignored;  // the write says what is wrong
    fs::create_directories(login_file().parent_path(), ignored);
    return write_private_file(login_file(), json::serialize(file) + "\n");
}

Result<void> forget_login(const std::string& url) {
    DP_TRY(file, read_logins());
    const auto gone = url.empty() ? text_at(file, "current") : without_slashes(url);
    if (logins_of(file).erase(gone) == 0) return fail(ErrorCode::NotFound, "There is no such login.");
    if (text_at(file, "current") == gone) file.erase("current");
    return write_private_file(login_file(), json::serialize(file) + "\n");
}

}  // namespace dp::app::cli
