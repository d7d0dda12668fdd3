// Completion scripts for shells, written from the same tree of commands and options that parses the command line.

#include "daemon/command.hpp"

#include <iostream>

namespace nomadic::daemon {

namespace {

struct Flag {
    std::string name; // "--server"
    std::string help;
    bool takes_value;
};

std::vector<Flag> flags_of(const CLI::App& command)
{
    std::vector<Flag> flags;
    for (const auto* option : command.get_options()) {
        for (const auto& name : option->get_lnames())
            flags.push_back({"--" + name, option->get_description(), option->get_items_expected_max() > 0});
        for (const auto& name : option->get_snames())
            flags.push_back({"-" + name, option->get_description(), option->get_items_expected_max() > 0});
    }
    return flags;
}

std::vector<const CLI::App*> commands_of(const CLI::App& root)
{
    return root.get_subcommands([](const CLI::App*) { return true; });
}

// As the inside of a single-quoted text; zsh's own separators too.
std::string within_quotes(std::string_view text, std::string_view escaped = "")
{
    std::string result;
    for (const char c : text) {
        if (escaped.find(c) != std::string_view::npos)
            result += '\\';
        result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return result;
}

void print_bash(const CLI::App& root)
{
    std::cout << "# bash completion for nomadic-cached\n_nomadic_cached()\n{\n"
                 "    local current=${COMP_WORDS[COMP_CWORD]} words\n"
                 "    case ${COMP_CWORD:+${COMP_WORDS[1]}} in\n";
    std::string names;
    for (const auto* command : commands_of(root)) {
        names += (names.empty() ? "" : " ") + command->get_name();
        std::cout << "    " << command->get_name() << ") words=\"";
        for (const auto& flag : flags_of(*command))
            std::cout << flag.name << " ";
        std::cout << "\" ;;\n";
    }
    std::cout << "    *) words=\"\" ;;\n    esac\n"
                 "    [ \"$COMP_CWORD\" -gt 1 ] || words=\""
              << names
              << " --help\"\n"
                 "    if [[ $COMP_CWORD -gt 1 && $current != -* ]]; then\n"
                 "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
                 "    else\n"
                 "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                 "    fi\n}\ncomplete -o filenames -F _nomadic_cached nomadic-cached\n";
}

void print_zsh(const CLI::App& root)
{
    std::cout << "#compdef nomadic-cached\n_nomadic_cached() {\n    local -a commands\n    commands=(\n";
    for (const auto* command : commands_of(root))
        std::cout << "        '" << command->get_name() << ":" << within_quotes(command->get_description(), ":")
                  << "'\n";
    std::cout << "    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n"
                 "    case $words[2] in\n";
    for (const auto* command : commands_of(root)) {
        std::cout << "    " << command->get_name() << ")\n        _arguments";
        for (const auto& flag : flags_of(*command))
            std::cout << " \\\n            '" << flag.name << (flag.takes_value ? "=" : "") << "["
                      << within_quotes(flag.help, "[]:\\") << "]" << (flag.takes_value ? ":value:_files" : "") << "'";
        std::cout << " \\\n            '*:argument:_files' ;;\n";
    }
    std::cout << "    esac\n}\n_nomadic_cached \"$@\"\n";
}

void print_fish(const CLI::App& root)
{
    for (const auto* command : commands_of(root)) {
        std::cout << "complete -c nomadic-cached -n __fish_use_subcommand -f -a " << command->get_name() << " -d '"
                  << within_quotes(command->get_description()) << "'\n";
        for (const auto& flag : flags_of(*command)) {
            const bool is_long = flag.name.starts_with("--");
            std::cout << "complete -c nomadic-cached -n '__fish_seen_subcommand_from " << command->get_name() << "' "
                      << (is_long ? "-l " + flag.name.substr(2) : "-s " + flag.name.substr(1))
                      << (flag.takes_value ? " -r" : "") << " -d '" << within_quotes(flag.help) << "'\n";
        }
    }
}

} // namespace

Run setup_completion(CLI::App& app)
{
    auto shell = std::make_shared<std::string>();
    app.add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    return [shell, completion = &app, root = app.get_parent()]() -> int {
        for (const auto& command : commands())
            if (auto* other = root->get_subcommand(command.name); other != completion)
                command.setup(*other); // main has made none of their options
        if (*shell == "bash")
            print_bash(*root);
        else if (*shell == "zsh")
            print_zsh(*root);
        else
            print_fish(*root);
        return exit_done;
    };
}

} // namespace nomadic::daemon
