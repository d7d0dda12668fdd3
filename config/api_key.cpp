#include "config/load.hpp"

#include <fstream>

namespace nomadic::config {

namespace {

Result<ApiKey> from_text(std::string text, std::string origin)
{
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
        text.pop_back();
    const bool sendable = !text.empty() && text.find_first_of(" \t\r\n") == std::string::npos;
    if (!sendable)
        return Failure{.code = Errc::invalid_configuration,
                       .detail = origin + " holds no API key: it must be one line of text without spaces.",
                       .members = {}};
    return ApiKey{std::make_shared<const Secret>(std::move(text)), std::move(origin)};
}

Result<ApiKey> from_file(const std::string& path, std::string origin)
{
    std::ifstream file(path, std::ios::binary);
    std::string line;
    if (!file || !std::getline(file, line, '\0'))
        return Failure{.code = Errc::invalid_configuration,
                       .detail = "The API key can't be read from " + path + " (" + origin +
                                 "). Check that the file exists, is not empty and may be read.",
                       .members = {}};
    return from_text(std::move(line), std::move(origin));
}

// Absent, or nothing but white space.
bool is_blank(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    std::string word;
    return !(file >> word);
}

} // namespace

Result<ApiKey> find_api_key(const Auth& auth, const Environment& environment)
{
    for (const char* name : {"NOMADICAI_API_KEY", "NOMADICML_API_KEY"})
        if (const auto found = environment.find(name); found != environment.end() && !found->second.empty())
            return from_text(found->second, std::string("the environment variable ") + name);
    // A unit gives an empty credential while there is no key file.
    if (const auto found = environment.find("CREDENTIALS_DIRECTORY"); found != environment.end())
        if (const auto path = found->second + "/api_key"; !is_blank(path))
            return from_file(path, "the systemd credential api_key");
    if (!auth.api_key_file.empty())
        return from_file(auth.api_key_file, "auth.api_key_file");
    return ApiKey{};
}

} // namespace nomadic::config
