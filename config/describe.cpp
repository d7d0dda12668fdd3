#include "config/describe.hpp"

#include "config/table.hpp"

namespace nomadic::config {

std::string describe(Loaded loaded)
{
    std::string text;
    std::string_view table;
    for (const auto& setting : settings_table()) {
        if (setting.table != table) {
            text += (table.empty() ? "[" : "\n[") + std::string(setting.table) + "]\n";
            table = setting.table;
        }
        text += "# " + std::string(setting.help) + " (" + allowed(setting) + ")\n";
        text += std::string(setting.key) + " = " + value_text(setting, loaded.settings) + "  # from " +
                loaded.origins.at(setting.name()) + "\n";
    }
    return text;
}

} // namespace nomadic::config
