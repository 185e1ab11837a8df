#include "app/cli/client_commands.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli/commands.hpp"
#include "app/cli/completion.hpp"
#include "app/cli/resource_table.hpp"

namespace dp::app::cli {

namespace {

void add_connection(CLI::App& command, Connection& connection) {
    command
        .add_option("--data", connection.data,
                    "data directory of a server here (its first-run.json has address and credentials)")
        ->type_name("DIR");
    command.add_option("--url", connection.url, "server address, instead of the one found")->type_name("URL");
    command.add_option("--ca-file", connection.ca_file, "PEM certificates to trust besides the system's")
        ->type_name("FILE");
}

void add_format(CLI::App& command, Format& format, const std::vector<std::pair<std::string, Format>>& names) {
    command.add_option("-o,--output", format, "how to print it")
        ->transform(CLI::CheckedTransformer(names))
        ->type_name("FORMAT")
        ->option_text(fmt::format("FORMAT:{{{}}}", fmt::join(
                                                       [&] {
                                                           std::vector<std::string> out;
                                                           for (const auto& [name, value] : names) out.push_back(name);
                                                           return out;
                                                       }(),
                                                       ",")));
    command.add_flag_callback("--json", [&format] { format = Format::Json; }, "the same as -o json");
}

const std::vector<std::pair<std::string, Format>> kFormats{
    {"table", Format::Table}, {"json", Format::Json}, {"yaml", Format::Yaml}};

/// The command and what its options fill, alive until the program ends.
template <class Command>
std::pair<CLI::App*, std::shared_ptr<Command>> add(CLI::App& program, const char* name, const char* help) {
    return {program.add_subcommand(name, help), std::make_shared<Command>()};
}

std::string resource_names() {
    std::string out = "Resources:";
    for (const auto& kind : resource_kinds()) out += fmt::format(" {}", kind.name);
    return out;
}

void add_resource_commands(CLI::App& program, int& status) {
    auto [get, get_command] = add<GetCommand>(program, "get", "show one resource");
    add_connection(*get, get_command->connection);
    add_format(*get, get_command->format, kFormats);
    get->add_option("RESOURCE", get_command->resource, "its kind")->required();
    get->add_option("ID", get_command->id, "its id or name; a number's E.164 value")->required();
    get->footer(resource_names());
    get->callback([command = get_command, &status] { status = get_resource(*command); });

    auto [list, list_command] = add<ListCommand>(program, "list", "list resources, to the last page");
    add_connection(*list, list_command->connection);
    add_format(*list, list_command->format, kFormats);
    list->add_option("RESOURCE", list_command->resource, "their kind")->required();
    list->add_option("--filter", list_command->filters, "a query parameter of the API (repeatable)")
        ->type_name("NAME=VALUE");
    list->footer(resource_names());
    list->callback([command = list_command, &status] { status = list_resources(*command); });

    auto [remove, remove_command] = add<DeleteCommand>(program, "delete", "remove resources; release numbers");
    add_connection(*remove, remove_command->connection);
    remove->add_option("RESOURCE", remove_command->resource, "their kind")->required();
    remove->add_option("ID", remove_command->ids, "ids or names")->required();
    remove->footer(resource_names());
    remove->callback([command = remove_command, &status] { status = delete_resources(*command); });
}

void add_permissions(CLI::App& command, RoutingOptions& routing) {
    command.add_flag("--allow-drop-callflow", routing.permissions.drop_callflow,
                     "numbers may lose their callflowId: callers then go past the IVR");
    command.add_flag("--allow-release", routing.permissions.release, "numbers may be given back to their carrier");
}

void add_wait(CLI::App& command, RoutingOptions& routing) {
    command
        .add_option_function<unsigned>(
            "--wait", [&routing](unsigned seconds) { routing.wait = std::chrono::seconds(seconds); },
            "how long to wait for a carrier to activate what was ordered (300)")
        ->type_name("SECONDS");
}

void add_routing_commands(CLI::App& program, int& status) {
    auto [plan, plan_command] = add<PlanCommand>(
        program, "plan", "show what a routing manifest would change: exit code 0 nothing, 2 changes, 1 it may not be");
    add_connection(*plan, plan_command->connection);
    add_permissions(*plan, plan_command->routing);
    plan->add_option("-f,--file", plan_command->file, "routing manifest; - for standard input")
        ->required()
        ->type_name("FILE");
    plan->add_option("--out", plan_command->out, "write the plan, for `apply --plan`")->type_name("FILE");
    plan->callback([command = plan_command, &status] { status = plan_routing(*command); });

    auto [apply, apply_command] =
        add<ApplyCommand>(program, "apply", "create or replace what a file says; carry a routing manifest out");
    add_connection(*apply, apply_command->connection);
    add_permissions(*apply, apply_command->routing);
    add_wait(*apply, apply_command->routing);
    auto* source = apply->add_option_group("source");
    source->add_option("-f,--file", apply_command->file, "YAML or JSON, one document or many; - for standard input")
        ->type_name("FILE");
    source->add_option("--plan", apply_command->plan, "a plan that `plan --out` wrote")->type_name("FILE");
    source->require_option(1);
    apply->callback([command = apply_command, &status] { status = apply_file(*command); });

    auto [rollback, rollback_command] =
        add<RollbackCommand>(program, "rollback", "give the numbers of a manifest their routing from before it");
    add_connection(*rollback, rollback_command->connection);
    add_permissions(*rollback, rollback_command->routing);
    rollback->add_option("-f,--file", rollback_command->file, "routing manifest")->required()->type_name("FILE");
    rollback->add_option("--to", rollback_command->to, "the routing at this time, whatever the numbers have now")
        ->type_name("TIME");
    rollback->callback([command = rollback_command, &status] { status = roll_back_routing(*command); });

    auto [exporting, export_command] = add<ExportCommand>(program, "export", "print the live numbers as a manifest");
    add_connection(*exporting, export_command->connection);
    add_format(*exporting, export_command->format, {{"yaml", Format::Yaml}, {"json", Format::Json}});
    exporting->callback([command = export_command, &status] { status = export_routing(*command); });
}

void add_login_commands(CLI::App& program, int& status) {
    auto [login, login_command] = add<LoginCommand>(program, "login", "store a server's address and credentials");
    login->add_option("--url", login_command->url, "server address")->required()->type_name("URL");
    login->add_option("--client-id", login_command->client_id, "of an OAuth client")->required()->type_name("ID");
    login
        ->add_option("--client-secret-file", login_command->secret_file,
                     "file with its secret; without it DP_CLIENT_SECRET, else it is asked for")
        ->type_name("FILE");
    login->add_option("--ca-file", login_command->ca_file, "PEM certificates to trust besides the system's")
        ->type_name("FILE");
    login->callback([command = login_command, &status] { status = log_in(*command); });

    auto url = std::make_shared<std::string>();
    auto* logout = program.add_subcommand("logout", "forget a stored login");
    logout->add_option("--url", *url, "server address; without it the login in use")->type_name("URL");
    logout->callback([url, &status] { status = log_out(*url); });

    auto [token, connection] = add<Connection>(program, "token", "print an access token");
    add_connection(*token, *connection);
    token->callback([where = connection, &status] { status = print_token(*where); });
}

void add_trunk_commands(CLI::App& program, int& status) {
    auto* trunk = program.add_subcommand("trunk", "carrier trunks");
    trunk->require_subcommand(1);
    auto [test, test_command] = add<TrunkTestCommand>(
        *trunk, "test", "ask the carrier everything that a call would: exit code 1 when a step fails");
    add_connection(*test, test_command->connection);
    add_format(*test, test_command->format, {{"table", Format::Table}, {"json", Format::Json}});
    test->add_option("ID", test_command->trunk, "its id or name")->required();
    test->callback([command = test_command, &status] { status = test_trunk(*command); });
}

void add_explain_command(CLI::App& program, int& status) {
    auto* routing = program.add_subcommand("routing", "where calls to a number go");
    routing->require_subcommand(1);
    auto [explain, explain_command] = add<ExplainCommand>(
        *routing, "explain",
        "say where a call would go, step by step; nothing rings: exit code 1 when it leads nowhere");
    add_connection(*explain, explain_command->connection);
    add_format(*explain, explain_command->format, {{"table", Format::Table}, {"json", Format::Json}});
    explain->add_option("NUMBER", explain_command->number, "the number that is called")->required();
    explain->add_option("--at", explain_command->at, "when, such as 2026-01-05T14:00:00Z; now without it")
        ->type_name("TIME");
    explain->add_option("--digits", explain_command->digits, "the keys that the caller presses, one per menu")
        ->type_name("KEYS");
    explain->add_flag("--unanswered", explain_command->unanswered, "nobody who is rung answers");
    explain->callback([command = explain_command, &status] { status = explain_routing(*command); });
}

void add_tail_command(CLI::App& program, int& status) {
    auto [tail, tail_command] = add<TailCommand>(program, "tail", "show events as they happen");
    add_connection(*tail, tail_command->connection);
    add_format(*tail, tail_command->format, {{"table", Format::Table}, {"json", Format::Json}});
    tail->add_option("--since", tail_command->since, "begin after this event")->type_name("SEQUENCE");
    tail->add_option("--filter", tail_command->filter, "only these, in the filter language")->type_name("EXPRESSION");
    tail->add_option("--limit", tail_command->limit, "end after so many")->type_name("N");
    tail->callback([command = tail_command, &status] { status = tail_events(*command); });
}

}  // namespace

void add_client_commands(CLI::App& program, int& status) {
    add_resource_commands(program, status);
    add_routing_commands(program, status);
    add_trunk_commands(program, status);
    add_explain_command(program, status);
    add_tail_command(program, status);
    add_login_commands(program, status);
    add_completion(program);
}

}  // namespace dp::app::cli
