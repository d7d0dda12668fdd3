#include "config/private_file.hpp"

#include <fstream>
#include <iterator>
#include <sys/stat.h>

namespace nomadic::config {

namespace {

Failure unusable(const std::string& path, const std::string& setting, const std::string& why)
{
    return {.code = Errc::invalid_configuration, .detail = setting + ": " + path + " " + why, .members = {}};
}

} // namespace

Result<std::string> read_private_file(const std::string& path, const std::string& setting)
{
    struct stat state {};
    constexpr mode_t of_others = S_IRWXG | S_IRWXO;
    if (::stat(path.c_str(), &state) == 0 && S_ISREG(state.st_mode) && (state.st_mode & of_others) != 0)
        return unusable(path, setting, "may be read or written by others than its owner. Run: chmod 600 " + path);
    return read_whole_file(path, setting);
}

Result<std::string> read_whole_file(const std::string& path, const std::string& setting)
{
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file || text.empty())
        return unusable(path, setting, "can't be read. Check that the file exists, is not empty and may be read.");
    return text;
}

} // namespace nomadic::config
