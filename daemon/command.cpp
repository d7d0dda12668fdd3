#include "daemon/command.hpp"

#include "config/table.hpp"

#include <algorithm>
#include <array>
#include <iostream>

namespace nomadic::daemon {

std::span<const Command> commands()
{
    static constexpr std::array table{
        Command{"serve", "Run the daemon", setup_serve},
        Command{"sandbox", "Run an upstream to try the daemon with: made-up batches, no key needed", setup_sandbox},
        Command{"get", "Print a batch's analysis, from a running daemon", setup_get},
        Command{"ls", "List the cached batches of a running daemon", setup_ls},
        Command{"show", "Say what is cached of a batch, and what happens next", setup_show},
        Command{"ensure", "Say what an offline replay will have and lack", setup_ensure},
        Command{"prefetch", "Fetch batches, so that they can be read offline", setup_prefetch},
        Command{"refresh", "Ask the upstream now, and say which batches changed", setup_refresh},
        Command{"purge", "Remove batches from the cache", setup_purge},
        Command{"pin", "Keep batches, whatever has to be evicted", setup_pin},
        Command{"unpin", "Let pinned batches be evicted again", setup_unpin},
        Command{"export", "Write batches to a file, to carry them to another machine", setup_export},
        Command{"import", "Take the batches of such a file into the cache", setup_import},
        Command{"verify", "Read all that is stored and say what is not as it was written", setup_verify},
        Command{"log", "List the states of a batch over time", setup_log},
        Command{"diff", "Print what changed between two states of a batch", setup_diff},
        Command{"stats", "Print the state of a running daemon", setup_stats},
        Command{"doctor", "Check everything the daemon needs, and say what to do about each", setup_doctor},
        Command{"config", "Print the effective configuration and where each value comes from", setup_config},
        Command{"completion", "Print a completion script for bash, zsh or fish", setup_completion},
        Command{"version", "Print the version", setup_version},
    };
    return table;
}

bool is_command(std::string_view name)
{
    const auto all = commands();
    return std::any_of(all.begin(), all.end(), [name](const Command& command) { return command.name == name; });
}

void ConfigOptions::add_to(CLI::App& app)
{
    app.add_option("--config", file_, "Configuration file (TOML)");
    for (const auto& setting : config::settings_table()) {
        if (setting.secret)
            continue; // a command line is everybody's to read
        app.add_option(setting.flag(), flags_[setting.name()],
                       std::string(setting.help) + " (" + config::allowed(setting) + ")")
            ->group("Settings");
    }
}

Result<config::Loaded> ConfigOptions::load(const std::string& usual_file) const
{
    config::Sources sources{
        .file = file_.empty() ? usual_file : file_, .environment = process_environment(), .flags = {}};
    for (const auto& [name, text] : flags_)
        if (!text.empty())
            sources.flags.emplace_back(name, text);
    return config::load(sources);
}

config::Environment process_environment()
{
    config::Environment environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (const auto equals = text.find('='); equals != std::string_view::npos)
            environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return environment;
}

int fail(const Failure& failure)
{
    std::cerr << "nomadic-cached: " << told(failure) << "\n";
    return exit_status_of(failure.code);
}

} // namespace nomadic::daemon
