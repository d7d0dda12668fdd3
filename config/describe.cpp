#include "config/describe.hpp"

#include "config/table.hpp"

namespace nomadic::config {

namespace {

std::string comment(const Setting& setting)
{
    return "# " + std::string(setting.help) + " (" + allowed(setting) + ")\n";
}

// Calls `each` for every setting, and `begin` before the first of each table.
template <class Begin, class Each>
void walk(const Begin& begin, const Each& each)
{
    std::string_view table;
    for (const auto& setting : settings_table()) {
        if (setting.table != table)
            begin(setting.table, table.empty());
        table = setting.table;
        each(setting);
    }
}

std::string header(std::string_view table, bool first)
{
    return (first ? "[" : "\n[") + std::string(table) + "]\n";
}

} // namespace

std::string describe(Loaded loaded)
{
    std::string text;
    walk([&](std::string_view table, bool first) { text += header(table, first); },
         [&](const Setting& setting) {
             text += comment(setting);
             text += std::string(setting.key) + " = " + value_text(setting, loaded.settings) + "  # from " +
                     loaded.origins.at(setting.name()) + "\n";
         });
    return text;
}

std::string reference()
{
    Settings defaults;
    std::string text =
        "# Configuration of nomadic-cached: nomadic-cached.toml(5). What stands here commented out is the\n"
        "# default. 'nomadic-cached config --config FILE' prints what is in effect and checks it.\n\n";
    walk([&](std::string_view table, bool first) { text += header(table, first); },
         [&](const Setting& setting) {
             text += comment(setting);
             text += "#" + std::string(setting.key) + " = " + (setting.secret ? "[]" : value_text(setting, defaults)) +
                     "\n";
         });
    return text;
}

std::string manual()
{
    Settings defaults;
    std::string text =
        "# nomadic-cached.toml(5)\n\n## NAME\nnomadic-cached.toml - configuration of nomadic-cached(1)\n\n"
        "## SYNOPSIS\n`/etc/nomadic-cached/config.toml`, or whatever `--config` names\n\n"
        "## DESCRIPTION\nA TOML file. Every setting may also be given as an environment variable "
        "(`NOMADIC_CACHED_SERVER_LISTEN` for `server.listen`) or as a flag (`--server-listen`); flags win over the "
        "environment, the environment over the file, the file over the defaults. `nomadic-cached config` prints what "
        "is "
        "in effect and where each value came from.\n\nDurations are texts with a unit (`ms`, `s`, `m`, `h`, `d`), "
        "sizes "
        "are bytes or texts with a unit (`KiB`, `MiB`, `GiB`, `TiB`).\n\n"
        "The API key is never in this file: see nomadic-cached(1).\n";
    walk([&](std::string_view table, bool) { text += "\n## [" + std::string(table) + "]\n"; },
         [&](const Setting& setting) {
             text += "\n`" + std::string(setting.key) + "` = `" +
                     (setting.secret ? "[]" : value_text(setting, defaults)) + "`\n: " + std::string(setting.help) +
                     " (" + allowed(setting) + ").\n";
         });
    text += "\n## RELOADING\nSIGHUP reads the file again. What can change while the daemon runs does: `[log]`, "
            "`[history]`, `[limits]` but for `worker_threads`, the freshness and quota of `[cache]`, and the tokens, "
            "hosts and origins of `[server]`. For each other setting that differs the log says that it needs a "
            "restart.\n\n## SEE ALSO\nnomadic-cached(1)\n";
    return text;
}

} // namespace nomadic::config
