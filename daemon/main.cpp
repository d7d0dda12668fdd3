#include "daemon/command.hpp"

#include <iostream>

namespace {

using namespace nomadic::daemon;

// What could not be printed is not done: behind a redirection to a full disk it would pass for all there is.
int printed(int status)
{
    if (std::cout.flush())
        return status;
    std::cerr << "nomadic-cached: Standard output can't be written, so what it holds is not whole.\n";
    return status == exit_done ? exit_failed : status;
}

int run(int argc, char** argv)
{
    CLI::App app("A local cache for batch video analyses: fetched once, read in under a millisecond, also offline.",
                 "nomadic-cached");
    app.require_subcommand(1);
    app.set_version_flag("--version", "nomadic-cached " NOMADIC_CACHED_VERSION, "Print the version and exit");
    app.footer("Exit status: 0 done, 1 failed, 2 usage or configuration, 3 not found, 4 upstream, 5 offline miss.");
    Run run_command;
    for (const auto& command : commands()) {
        auto* sub = app.add_subcommand(command.name, command.help);
        // All of them have hundreds of options: those of the one that is called will do.
        if (argc > 1 && command.name == std::string_view(argv[1]))
            run_command = command.setup(*sub);
    }
    if (argc > 1 && argv[1][0] != '-' && !is_command(argv[1])) {
        std::cerr << "nomadic-cached: There is no command '" << argv[1] << "'. --help lists all.\n";
        return exit_usage;
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? printed(exit_done) : exit_usage;
    }
    return run_command ? printed(run_command()) : exit_usage;
}

} // namespace

int main(int argc, char** argv)
{
    try {
        return run(argc, argv);
    } catch (const std::exception& bug) {
        std::cerr << "nomadic-cached: " << bug.what() << "\n";
        return exit_failed;
    }
}
