/// @file The `dialplane` program: arguments to commands.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/cli/access.hpp"
#include "app/cli/client_commands.hpp"
#include "app/commands.hpp"

namespace {

using dp::app::Options;

/// One CLI11 option per setting of the table, kept only when it was given.
void add_settings(CLI::App& command, Options& given) {
    for (const auto& setting : dp::app::settings()) {
        const std::string key(setting.key), name = dp::app::option_of(setting);
        const std::string help = fmt::format("{} [{}]", setting.help, dp::app::variable_of(setting));
        if (setting.kind == dp::app::SettingKind::Flag)
            command.add_flag_callback(name, [&given, key] { given[key] = {"true"}; }, help);
        else
            command
                .add_option_function<std::vector<std::string>>(
                    name, [&given, key](const std::vector<std::string>& values) { given[key] = values; }, help)
                ->expected(1)
                ->take_all()
                ->type_name(std::string(setting.placeholder));
    }
    command
        .add_option_function<std::string>(
            "--config", [&given](const std::string& file) { given["config"] = {file}; },
            "YAML file of settings [DP_CONFIG]")
        ->type_name("FILE");
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App program{"Dialplane: a programmable phone system in one binary."};
    program.set_version_flag("--version", std::string("dialplane ") + DIALPLANE_VERSION);
    program.require_subcommand(1);
    int status = 0;

    Options serve_options;
    bool print_config = false;
    auto* serve = program.add_subcommand("serve", "run the server");
    add_settings(*serve, serve_options);
    serve->add_flag("--print-config", print_config, "show every setting, its value and where it came from, then exit");
    serve->callback([&] { status = dp::app::serve(serve_options, print_config); });

    dp::app::CallCommand call;
    call.data = dp::app::cli::default_data();
    auto* place = program.add_subcommand("call", "place a call on behalf of a user");
    place
        ->add_option("--data", call.data,
                     "data directory of the server (its first-run.json has address and credentials)")
        ->type_name("DIR");
    place->add_option("--url", call.url, "server address, instead of the one in first-run.json")->type_name("URL");
    place->add_option("--from", call.from, "user id of the agent")->required()->type_name("USER");
    place->add_option("--to", call.to, "number to call")->required()->type_name("NUMBER");
    place->add_option("--caller-id", call.caller_id, "number to show")->type_name("NUMBER");
    place->add_option("--wait", call.wait, "wait until the call is connected, or has ended")
        ->check(CLI::IsMember({"connected", "ended"}));
    place->add_flag("--json", call.json, "print the conversation as JSON");
    place->callback([&] { status = dp::app::place_call(call); });

    Options doctor_options;
    auto* doctor = program.add_subcommand(
        "doctor", "check ports, certificates, clock, database, STUN/TURN and trunks, and say what to do");
    add_settings(*doctor, doctor_options);
    doctor->callback([&] { status = dp::app::doctor(doctor_options); });

    dp::app::BackupCommand backup, restore;
    backup.data = restore.data = dp::app::cli::default_data();
    auto* saves = program.add_subcommand("backup", "copy the database while the server runs, or while none does");
    saves->add_option("--data", backup.data, "data directory of the server")->type_name("DIR");
    saves->add_option("--to", backup.file, "file to make (0600); the sealing key is not in it")
        ->required()
        ->type_name("FILE");
    saves->callback([&] { status = dp::app::back_up(backup); });
    auto* restores = program.add_subcommand("restore", "put a backup in the database's place; the server must not run");
    restores->add_option("--data", restore.data, "data directory, with its secret.key")->type_name("DIR");
    restores->add_option("--from", restore.file, "a file that dialplane backup made")->required()->type_name("FILE");
    restores->callback([&] { status = dp::app::restore(restore); });

    dp::app::SandboxCommand sandbox;
    auto* carrier = program.add_subcommand("sandbox", "run the sandbox carrier alone");
    carrier->add_option("--sip", sandbox.sip, "where to listen, UDP")->type_name("HOST:PORT");
    carrier->add_option("--http", sandbox.http, "where to take orders for numbers")->type_name("HOST:PORT");
    carrier->add_option("--account", sandbox.accounts, "a customer that may register (repeatable)")
        ->type_name("NAME:PASSWORD");
    carrier->footer(dp::app::magic_number_help());
    carrier->callback([&] { status = dp::app::run_sandbox(sandbox); });

    dp::app::cli::add_client_commands(program, status);

    CLI11_PARSE(program, argc, argv);
    return status;
}
