#pragma once
/// @file first-run.json: what a script needs to use a fresh server: addresses and the secrets that were made once (mode
/// 0600).
///
/// Written after the ports are bound. Secrets are known only on the first run; a later start keeps them from the file
/// and brings the addresses up to date.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "telephony/seed/example_organization.hpp"

namespace dp::app {

struct CarrierAccount {
    std::string host;
    std::uint16_t port = 0;
    std::string username;
    std::string password;
    std::string orders_url;  ///< where it takes orders for numbers
};

/// Where the server is reachable this time.
struct Addresses {
    std::string base_url;
    std::string ca_file;        ///< empty: no TLS listener
    std::string sip_registrar;  ///< `sip:127.0.0.1:5060`
    std::string sip_ws_uri;
    std::optional<CarrierAccount> carrier;  ///< with the sandbox: an account that no seeded trunk uses
};

std::filesystem::path first_run_path(const std::filesystem::path& data);

/// Before the example organization is stored: a process that dies between there and write_first_run() would leave
/// secrets that nobody knows. The next start finds these.
Result<void> keep_first_run(const std::filesystem::path& data, const telephony::FirstRunSecrets& secrets);

/// `secrets` on the first run, else nothing.
Result<void> write_first_run(const std::filesystem::path& data, const Addresses& addresses,
                             const std::optional<telephony::FirstRunSecrets>& secrets);

struct ConsoleLogin {
    std::string user;
    std::string password;
};

/// Of a first run that ended before it could tell anybody (a port was taken): what keep_first_run() kept.
std::optional<ConsoleLogin> untold_console_login(const std::filesystem::path& data);

/// What the command line needs from it.
struct FirstRun {
    std::string base_url;
    std::string ca_file;
    std::string client_id;
    std::string client_secret;
};

Result<FirstRun> read_first_run(const std::filesystem::path& data);

}  // namespace dp::app
