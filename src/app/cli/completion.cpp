#include "app/cli/completion.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>

#include "app/cli/resource_table.hpp"

namespace dp::app::cli {

namespace {

struct ShellScript {
    std::string_view shell;
    std::string_view script;
};

// Where the program has nothing to say, the shell offers files.
constexpr std::array<ShellScript, 3> kScripts{{
    {"bash", R"(_dialplane() {
    local IFS=$'\n'
    COMPREPLY=($(dialplane __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _dialplane dialplane
)"},
    {"zsh", R"(#compdef dialplane
_dialplane() {
    local -a found
    found=("${(@f)$(dialplane __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "$found[1]" ]]; then compadd -- "$found[@]"; else _files; fi
}
compdef _dialplane dialplane
)"},
    {"fish",
     R"(complete -c dialplane -a '(dialplane __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
)"},
}};

const CLI::App* subcommand_of(const CLI::App& app, const std::string& name) {
    const auto all = app.get_subcommands([&](const CLI::App* each) { return each->get_name() == name; });
    return all.empty() ? nullptr : all.front();
}

/// Options of a group are the command's.
std::vector<const CLI::Option*> options_of(const CLI::App& app) {
    auto out = app.get_options([](const CLI::Option*) { return true; });
    for (const auto* group : app.get_subcommands([](const CLI::App* each) { return each->get_name().empty(); }))
        for (const auto* option : options_of(*group)) out.push_back(option);
    return out;
}

bool takes_value(const CLI::App& app, const std::string& word) {
    return std::ranges::any_of(options_of(app), [&](const CLI::Option* option) {
        return option->check_name(word) && option->get_items_expected_max() > 0;
    });
}

/// Where the words lead: the command, how many plain words it has, and whether a value is due.
struct Place {
    const CLI::App* app;
    std::size_t plain = 0;
    std::string option;  ///< that waits for its value
};

Place place_of(const CLI::App& program, const std::vector<std::string>& words) {
    Place at{&program, 0, {}};
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        const auto& word = words[i];
        if (!at.option.empty())
            at.option.clear();
        else if (word.starts_with('-'))
            at.option = word.find('=') == std::string::npos && takes_value(*at.app, word) ? word : "";
        else if (const auto* next = subcommand_of(*at.app, word))
            at = {next, 0, {}};
        else
            ++at.plain;
    }
    return at;
}

void add_options(std::vector<std::string>& out, const CLI::App& app) {
    for (const auto* option : options_of(app))
        for (const auto& name : option->get_lnames()) out.push_back("--" + name);
}

void add_words(std::vector<std::string>& out, const Place& at) {
    for (const auto* each : at.app->get_subcommands([](const CLI::App*) { return true; }))
        if (!each->get_name().empty() && !each->get_group().empty()) out.push_back(each->get_name());
    if (at.plain > 0) return;
    for (const auto* option : options_of(*at.app)) {
        if (option->get_name() == "RESOURCE")
            for (const auto& kind : resource_kinds()) out.emplace_back(kind.name);
        if (option->get_name() == "SHELL")
            for (const auto& each : kScripts) out.emplace_back(each.shell);
    }
}

}  // namespace

std::vector<std::string> completions(const CLI::App& program, const std::vector<std::string>& words) {
    std::vector<std::string> out;
    if (words.empty()) return out;
    const auto& begun = words.back();
    const auto at = place_of(program, words);
    if (at.option == "-o" || at.option == "--output")
        out = {"table", "json", "yaml"};
    else if (!at.option.empty())
        return out;
    else if (begun.starts_with('-'))
        add_options(out, *at.app);
    else
        add_words(out, at);
    std::erase_if(out, [&](const std::string& word) { return !word.starts_with(begun); });
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());  // a group has a --help of its own
    return out;
}

void add_completion(CLI::App& program) {
    auto shell = std::make_shared<std::string>();
    auto* script = program.add_subcommand("completion", "print the completion script of a shell");
    script->footer("bash: source <(dialplane completion bash)");
    std::vector<std::string> shells;
    for (const auto& each : kScripts) shells.emplace_back(each.shell);
    script->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember(shells));
    script->callback([shell] {
        fmt::print("{}", std::ranges::find(kScripts, std::string_view(*shell), &ShellScript::shell)->script);
    });
    auto* complete = program.add_subcommand("__complete", "")->prefix_command();
    complete->group("");
    complete->set_help_flag();
    complete->callback([&program, complete] {
        for (const auto& word : completions(program, complete->remaining())) fmt::print("{}\n", word);
    });
}

}  // namespace dp::app::cli
