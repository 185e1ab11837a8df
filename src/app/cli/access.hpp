#pragma once
/// @file Which server the command line talks to, and as whom.
///
/// In this order: `--data DIR` (its first-run.json), what `dialplane login` stored, first-run.json of the default data
/// directory. `--url` and `--ca-file` beat what was found; a login that was stored for that `--url` goes first.
/// Stored logins: `$XDG_CONFIG_HOME/dialplane/login.json` (else `~/.config/…`), mode 0600.

#include <filesystem>
#include <string>

#include "app/api_session.hpp"

namespace dp::app::cli {

/// What the options say; empty: not given.
struct Connection {
    std::filesystem::path data;
    std::string url;
    std::string ca_file;
};

Result<ApiAccess> find_access(const Connection& connection);
Result<std::unique_ptr<ApiSession>> connect(const Connection& connection);

std::filesystem::path login_file();
/// Becomes the login in use; those of other servers stay.
Result<void> remember_login(const ApiAccess& access);
/// `url` empty: the one in use. NotFound when there is none.
Result<void> forget_login(const std::string& url);

/// DP_DATA, else ~/.local/share/dialplane.
std::filesystem::path default_data();

}  // namespace dp::app::cli
