#include "daemon/doctor.hpp"

#include "daemon/command.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <iomanip>
#include <iostream>

namespace nomadic::daemon {

namespace {

namespace json = boost::json;

struct DoctorOptions {
    ConfigOptions config;
    bool json = false;
    bool offline = false;
};

std::string_view name_of(Health health)
{
    return health == Health::ok ? "ok" : health == Health::problem ? "problem" : "unknown";
}

void print_table(const Findings& findings)
{
    for (const auto& finding : findings) {
        std::cout << std::left << std::setw(14) << finding.subject << std::setw(9) << name_of(finding.health)
                  << finding.detail << "\n";
        if (!finding.remedy.empty())
            std::cout << std::setw(23) << ""
                      << "-> " << finding.remedy << "\n";
    }
}

void print_json(const Findings& findings)
{
    json::array list;
    for (const auto& finding : findings)
        list.push_back(json::object{{"subject", finding.subject},
                                    {"health", name_of(finding.health)},
                                    {"detail", finding.detail},
                                    {"remedy", finding.remedy}});
    std::cout << json::serialize(list) << "\n";
}

Findings examine(const DoctorOptions& options)
{
    auto loaded = options.config.load();
    if (!loaded)
        return {{"configuration", Health::problem, loaded.error().detail,
                 "Correct it; 'nomadic-cached config --reference' lists what there is."}};
    const auto environment = process_environment();
    const auto set = std::count_if(loaded->origins.begin(), loaded->origins.end(),
                                   [](const auto& origin) { return origin.second != "default"; });
    Findings findings{{"configuration", Health::ok, std::to_string(set) + " settings differ from the defaults", ""}};
    for (auto& finding : examine_machine(loaded->settings, environment))
        findings.push_back(std::move(finding));
    if (options.offline)
        return findings;
    for (auto& finding : examine_upstream(loaded->settings, environment))
        findings.push_back(std::move(finding));
    return findings;
}

int doctor(const DoctorOptions& options)
{
    const auto findings = examine(options);
    options.json ? print_json(findings) : print_table(findings);
    const bool well = std::none_of(findings.begin(), findings.end(),
                                   [](const auto& finding) { return finding.health == Health::problem; });
    return well ? exit_done : exit_failed;
}

} // namespace

Run setup_doctor(CLI::App& app)
{
    auto options = std::make_shared<DoctorOptions>();
    options->config.add_to(app);
    app.add_flag("--json", options->json, "As JSON");
    app.add_flag("--offline", options->offline, "Look at this machine only; open no connection to the upstream");
    return [options] { return doctor(*options); };
}

} // namespace nomadic::daemon
