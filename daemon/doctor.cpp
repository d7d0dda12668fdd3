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
    bool service = false;
};

std::string_view name_of(Health health)
{
    return health == Health::ok ? "ok" : health == Health::problem ? "problem" : "unknown";
}

void print_table(const Findings& findings)
{
    for (const auto& finding : findings) {
        std::cout << std::left << std::setw(20) << finding.subject << std::setw(9) << name_of(finding.health)
                  << finding.detail << "\n";
        if (!finding.remedy.empty())
            std::cout << std::setw(29) << ""
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

// What systemd gives the system's service.
config::Environment environment_of(const DoctorOptions& options)
{
    auto environment = process_environment();
    if (options.service) {
        environment["STATE_DIRECTORY"] = "/var/lib/private/nomadic-cached";
        environment["CREDENTIALS_DIRECTORY"] = "/etc/nomadic-cached";
    }
    return environment;
}

Findings examine(const DoctorOptions& options)
{
    auto loaded = options.config.load(options.service ? "/etc/nomadic-cached/config.toml" : "");
    if (!loaded)
        return {problem("configuration", loaded.error().detail,
                        "Correct it; 'nomadic-cached config --reference' lists what there is.", exit_usage)};
    const auto environment = environment_of(options);
    const auto set = std::count_if(loaded->origins.begin(), loaded->origins.end(),
                                   [](const auto& origin) { return origin.second != "default"; });
    Findings findings{fine("configuration", std::to_string(set) + " settings differ from the defaults")};
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
    const auto first = std::find_if(findings.begin(), findings.end(),
                                    [](const auto& finding) { return finding.health == Health::problem; });
    return first == findings.end() ? exit_done : first->exit_status;
}

} // namespace

Finding fine(std::string subject, std::string detail)
{
    return {std::move(subject), Health::ok, std::move(detail), ""};
}

Finding unknown(std::string subject, std::string detail)
{
    return {std::move(subject), Health::unknown, std::move(detail), ""};
}

Finding problem(std::string subject, std::string detail, std::string remedy, ExitStatus exit_status)
{
    return {std::move(subject), Health::problem, std::move(detail), std::move(remedy), exit_status};
}

Finding upstream_problem(std::string subject, std::string detail, std::string remedy)
{
    return problem(std::move(subject), std::move(detail), std::move(remedy), exit_upstream);
}

Run setup_doctor(CLI::App& app)
{
    auto options = std::make_shared<DoctorOptions>();
    options->config.add_to(app);
    app.add_flag("--json", options->json, "As JSON");
    app.add_flag("--offline", options->offline, "Look at this machine only; open no connection to the upstream");
    app.add_flag(
        "--service", options->service,
        "Look at what the system's service uses: /etc/nomadic-cached, /var/lib/private/nomadic-cached (as root)");
    return [options] { return doctor(*options); };
}

} // namespace nomadic::daemon
