#pragma once

// The table of commands: one file each, one row each.

#include "config/load.hpp"
#include "daemon/exit_status.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <span>

namespace nomadic::daemon {

using Run = std::function<int()>;

struct Command {
    const char* name;
    const char* help;
    Run (*setup)(CLI::App& app); // adds the options; what it returns runs the command once they are parsed
};

Run setup_serve(CLI::App& app);
Run setup_sandbox(CLI::App& app);
Run setup_get(CLI::App& app);
Run setup_ls(CLI::App& app);
Run setup_show(CLI::App& app);
Run setup_diff(CLI::App& app);
Run setup_ensure(CLI::App& app);
Run setup_stats(CLI::App& app);
Run setup_prefetch(CLI::App& app);
Run setup_refresh(CLI::App& app);
Run setup_purge(CLI::App& app);
Run setup_pin(CLI::App& app);
Run setup_unpin(CLI::App& app);
Run setup_log(CLI::App& app);
Run setup_export(CLI::App& app);
Run setup_import(CLI::App& app);
Run setup_verify(CLI::App& app);
Run setup_config(CLI::App& app);
Run setup_doctor(CLI::App& app);
Run setup_completion(CLI::App& app);
Run setup_version(CLI::App& app);

std::span<const Command> commands();
bool is_command(std::string_view name);

// --config and a flag for every setting; shared by all commands.
class ConfigOptions {
public:
    void add_to(CLI::App& app);
    // `usual_file` is read when no other is named; "" for none.
    Result<config::Loaded> load(const std::string& usual_file = "") const;

private:
    std::string file_;
    std::map<std::string, std::string> flags_;
};

config::Environment process_environment();

// Says on standard error what went wrong; returns the exit status.
int fail(const Failure& failure);

} // namespace nomadic::daemon
