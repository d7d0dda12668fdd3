#include "config/load.hpp"

#include "config/table.hpp"
#include "config/validate.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace nomadic::config {

namespace {

Failure invalid(std::string detail)
{
    return {.code = Errc::invalid_configuration, .detail = std::move(detail), .members = {}};
}

std::string place(const std::string& file, const toml::node& node)
{
    return file + ":" + std::to_string(node.source().begin.line);
}

std::size_t edit_distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const auto above = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row.back();
}

std::string unknown(const std::string& name)
{
    if (name == "auth.api_key")
        return "an API key does not belong in this file. Put it in a file of its own and name that in "
               "auth.api_key_file, or set NOMADICAI_API_KEY";
    std::string nearest;
    for (const auto& setting : settings_table())
        if (nearest.empty() || edit_distance(setting.name(), name) < edit_distance(nearest, name))
            nearest = setting.name();
    return "unknown key " + name + ". The nearest there is: " + nearest + "; 'nomadic-cached config' lists all";
}

// Empty on success, else what is wrong.
std::string take(const Setting& setting, Settings& settings, const toml::node& node)
{
    if (const auto* text = node.as_string())
        return assign(setting, settings, std::string_view(text->get()));
    if (const auto* number = node.as_integer())
        return assign(setting, settings, number->get());
    if (const auto* flag = node.as_boolean())
        return assign(setting, settings, flag->get());
    if (const auto* array = node.as_array()) {
        std::vector<std::string> list;
        for (const auto& item : *array) {
            if (!item.is_string())
                return "holds something that is not a text, but must be " + allowed(setting);
            list.push_back(item.as_string()->get());
        }
        return assign(setting, settings, std::move(list));
    }
    return "has a type that no setting has, but must be " + allowed(setting);
}

Result<void> load_table(const std::string& file, std::string_view table, const toml::table& content, Loaded& loaded)
{
    for (const auto& [key, node] : content) {
        const auto name = std::string(table) + "." + std::string(key.str());
        const auto* setting = find_setting(name);
        if (setting == nullptr)
            return invalid(place(file, node) + ": " + unknown(name) + ".");
        if (const auto wrong = take(*setting, loaded.settings, node); !wrong.empty())
            return invalid(place(file, node) + ": " + name + " " + wrong + ".");
        loaded.origins[name] = place(file, node);
    }
    return {};
}

Result<void> load_file(const std::string& file, Loaded& loaded)
{
    std::ifstream stream(file, std::ios::binary);
    if (!stream || std::filesystem::is_directory(file))
        return invalid("The configuration file " + file + " can't be read. Check that it exists and may be read.");
    toml::table document;
    try {
        document = toml::parse(stream, file);
    } catch (const toml::parse_error& error) {
        return invalid(file + ":" + std::to_string(error.source().begin.line) +
                       ": not TOML: " + std::string(error.description()) + ".");
    }
    for (const auto& [name, node] : document) {
        const auto* table = node.as_table();
        if (table == nullptr)
            return invalid(place(file, node) + ": " + std::string(name.str()) +
                           " stands outside of any table. Put it under [server], [upstream], [cache] ...");
        if (auto done = load_table(file, name.str(), *table, loaded); !done)
            return done;
    }
    return {};
}

Result<void> load_environment(const Environment& environment, Loaded& loaded)
{
    for (const auto& [variable, value] : environment) {
        const std::string& name = variable; // clang 14 does not capture a structured binding
        if (!name.starts_with("NOMADIC_CACHED_"))
            continue;
        const auto table = settings_table();
        const auto setting =
            std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.environment() == name; });
        if (setting == table.end())
            return invalid("The environment variable " + name +
                           " names no setting. 'nomadic-cached config' lists all.");
        if (const auto wrong = assign(*setting, loaded.settings, std::string_view(value)); !wrong.empty())
            return invalid("The environment variable " + name + ": " + setting->name() + " " + wrong + ".");
        loaded.origins[setting->name()] = name;
    }
    return {};
}

Result<void> load_flags(const Sources& sources, Loaded& loaded)
{
    for (const auto& [name, text] : sources.flags) {
        const auto* setting = find_setting(name);
        if (setting == nullptr)
            return invalid(unknown(name) + ".");
        if (const auto wrong = assign(*setting, loaded.settings, std::string_view(text)); !wrong.empty())
            return invalid(setting->flag() + ": " + name + " " + wrong + ".");
        loaded.origins[name] = setting->flag();
    }
    return {};
}

} // namespace

Result<Loaded> load(const Sources& sources)
{
    Loaded loaded;
    for (const auto& setting : settings_table())
        loaded.origins[setting.name()] = "default";
    if (!sources.file.empty())
        if (auto done = load_file(sources.file, loaded); !done)
            return done.error();
    if (auto done = load_environment(sources.environment, loaded); !done)
        return done.error();
    if (auto done = load_flags(sources, loaded); !done)
        return done.error();
    if (const auto [name, wrong] = first_contradiction(loaded.settings); !name.empty())
        return invalid(loaded.origins[name] + ": " + name + " " + wrong + ".");
    return loaded;
}

std::string data_dir(const Cache& cache, const Environment& environment)
{
    const auto value = [&](const char* name) {
        const auto found = environment.find(name);
        return found == environment.end() ? std::string{} : found->second;
    };
    if (!cache.data_dir.empty())
        return cache.data_dir;
    if (auto state = value("STATE_DIRECTORY"); !state.empty())
        return state.substr(0, state.find(':'));
    if (auto data = value("XDG_DATA_HOME"); !data.empty())
        return data + "/nomadic-cached";
    if (auto home = value("HOME"); !home.empty())
        return home + "/.local/share/nomadic-cached";
    return "/var/lib/nomadic-cached";
}

} // namespace nomadic::config
