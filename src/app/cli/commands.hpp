#pragma once
/// @file The commands that talk to a server over its API. Each returns its exit code and writes one line to standard
/// error when it fails. Exit codes: docs/cli.md.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "app/cli/access.hpp"
#include "app/cli/routing_manifest.hpp"

namespace dp::app::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kChanges = 2;  ///< `plan` alone: there is something to do

enum class Format { Table, Json, Yaml };

/// `dialplane: SENTENCE` to standard error; gives kFailed.
int complain(const Error& error);
/// A whole file; `-` is standard input.
Result<std::string> read_text(const std::string& file);

struct LoginCommand {
    std::string url;
    std::string client_id;
    std::string secret_file;  ///< empty: DP_CLIENT_SECRET, else a line of standard input
    std::string ca_file;
};
int log_in(const LoginCommand& command);
int log_out(const std::string& url);
int print_token(const Connection& connection);

struct GetCommand {
    Connection connection;
    std::string resource;
    std::string id;
    Format format = Format::Yaml;
};
int get_resource(const GetCommand& command);

struct ListCommand {
    Connection connection;
    std::string resource;
    std::vector<std::string> filters;  ///< NAME=VALUE
    Format format = Format::Table;
};
int list_resources(const ListCommand& command);

struct DeleteCommand {
    Connection connection;
    std::string resource;
    std::vector<std::string> ids;
};
int delete_resources(const DeleteCommand& command);

/// Of `plan`, `apply` and `rollback`: a routing manifest, and what may be done for it.
struct RoutingOptions {
    Permissions permissions;
    std::chrono::seconds wait{300};  ///< for a carrier to activate what was ordered
};

struct ApplyCommand {
    Connection connection;
    std::string file;
    std::string plan;  ///< a plan that was written by `plan --out`, instead of a file
    RoutingOptions routing;
};
/// Resource documents in their order, then the routing manifest.
int apply_file(const ApplyCommand& command);

struct PlanCommand {
    Connection connection;
    std::string file;
    std::string out;  ///< where to write the plan; empty: nowhere
    RoutingOptions routing;
};
int plan_routing(const PlanCommand& command);

struct RollbackCommand {
    Connection connection;
    std::string file;
    std::string to;  ///< RFC 3339, UTC; empty: what each number's routing was before the manifest's
    RoutingOptions routing;
};
int roll_back_routing(const RollbackCommand& command);

struct ExportCommand {
    Connection connection;
    Format format = Format::Yaml;
};
int export_routing(const ExportCommand& command);

struct TrunkTestCommand {
    Connection connection;
    std::string trunk;  ///< id or name
    Format format = Format::Table;
};
/// kFailed when a step failed.
int test_trunk(const TrunkTestCommand& command);

struct ExplainCommand {
    Connection connection;
    std::string number;
    std::string at;           ///< RFC 3339, UTC; empty: now
    std::string digits;       ///< keys that the caller presses, one per menu
    bool unanswered = false;  ///< nobody who is rung answers
    Format format = Format::Table;
};
/// kFailed when the number leads nowhere.
int explain_routing(const ExplainCommand& command);

struct TailCommand {
    Connection connection;
    std::string since;        ///< a sequence; empty: what happens from now on
    std::string filter;       ///< docs/events.md
    std::uint64_t limit = 0;  ///< events to show; 0: no end
    Format format = Format::Table;
};
/// Goes on over a lost connection, after the last event it has shown.
int tail_events(const TailCommand& command);

}  // namespace dp::app::cli
