#include "config/load.hpp"
#include "config/private_file.hpp"
#include "config/validate.hpp"

#include <fstream>

namespace nomadic::config {

namespace {

Result<ApiKey> from_text(std::string text, std::string origin)
{
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
        text.pop_back();
    if (!is_sendable(text))
        return Failure{.code = Errc::invalid_configuration,
                       .detail = origin + " holds no API key: it must be one line of ASCII text without spaces.",
                       .members = {}};
    return ApiKey{std::make_shared<const Secret>(std::move(text)), std::move(origin)};
}

Result<ApiKey> from_file(Result<std::string> text, std::string origin)
{
    if (!text)
        return text.error();
    return from_text(std::move(*text), std::move(origin));
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
    constexpr const char *credential = "the systemd credential api_key", *setting = "auth.api_key_file";
    // It lies in a directory of the service's own; its own mode is not ours to judge, since an access list shows there.
    if (const auto found = environment.find("CREDENTIALS_DIRECTORY"); found != environment.end())
        if (const auto path = found->second + "/api_key"; !is_blank(path))
            return from_file(read_whole_file(path, credential), credential);
    if (!auth.api_key_file.empty())
        return from_file(read_private_file(auth.api_key_file, setting), setting);
    return ApiKey{};
}

} // namespace nomadic::config
