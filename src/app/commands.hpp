#pragma once
/// @file The commands of the `dialplane` program that need no login of their own. Each returns its exit code: 0 done, 1
/// failed (the reason is on standard error). Wrong usage is CLI11's: 100 and up.

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "app/config.hpp"

namespace dp::app {

using Options = std::map<std::string, std::vector<std::string>>;

/// Runs until SIGTERM or SIGINT. `print_config` shows the configuration and its sources instead.
int serve(const Options& options, bool print_config);

struct SandboxCommand {
    std::string sip = "127.0.0.1:5070";
    std::string http;                   ///< empty: a free port
    std::vector<std::string> accounts;  ///< NAME:PASSWORD
};
/// The sandbox carrier alone.
int run_sandbox(const SandboxCommand& command);
/// The magic numbers, for --help.
std::string magic_number_help();

struct CallCommand {
    std::filesystem::path data;
    std::string url;   ///< beats what first-run.json says
    std::string from;  ///< user id
    std::string to;
    std::string caller_id;
    std::string wait;  ///< "", "connected" or "ended"
    bool json = false;
    std::chrono::seconds timeout{60};
};
int place_call(const CallCommand& command);

struct BackupCommand {
    std::filesystem::path data;
    std::filesystem::path file;
};
/// A copy of the database as of one moment, verified, while the server runs or not.
int back_up(const BackupCommand& command);
/// Puts a backup in the database's place; refused while a server uses the directory.
int restore(const BackupCommand& command);

/// Checks what a server needs and says what to do about what is missing.
int doctor(const Options& options);

}  // namespace dp::app
