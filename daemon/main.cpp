#include "daemon/command.hpp"

#include <iostream>

namespace {

int run(int argc, char** argv)
{
    using namespace nomadic::daemon;
    CLI::App app("A local cache for batch video analyses: fetched once, read in under a millisecond, also offline.",
                 "nomadic-cached");
    app.require_subcommand(1);
    app.footer("Exit status: 0 done, 1 failed, 2 usage or configuration, 3 not found, 4 upstream, 5 offline miss.");
    Run run_command;
    for (const auto& command : commands()) {
        auto* sub = app.add_subcommand(command.name, command.help);
        // All of them have hundreds of options: those of the one that is called will do.
        if (argc > 1 && command.name == std::string_view(argv[1]))
            run_command = command.setup(*sub);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_done : exit_usage;
    }
    return run_command ? run_command() : exit_usage;
}

} // namespace

int main(int argc, char** argv)
{
    try {
        return run(argc, argv);
    } catch (const std::exception& bug) {
        std::cerr << "nomadic-cached: " << bug.what() << "\n";
        return nomadic::daemon::exit_failed;
    }
}
