#include "daemon/doctor.hpp"
#include "daemon/server_secrets.hpp"

#include <filesystem>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace nomadic::daemon {

namespace {

namespace fs = std::filesystem;

// The nearest that exists, of a path that may not exist yet.
fs::path existing(fs::path path)
{
    std::error_code ignored; // what can't be seen is not there for us
    while (!fs::exists(path, ignored) && path.has_relative_path())
        path = path.parent_path();
    return path.empty() ? fs::path(".") : path;
}

Finding examine_directory(const fs::path& directory)
{
    const auto subject = "directory";
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) {
        const auto parent = existing(directory);
        if (::access(parent.c_str(), W_OK) == 0)
            return fine(subject, directory.string() + " will be made");
        return problem(subject, directory.string() + " is not there, and " + parent.string() + " is not writable",
                       "Make it writable for this user, or choose another with cache.data_dir.");
    }
    if (!S_ISDIR(status.st_mode))
        return problem(subject, directory.string() + " is no directory", "Choose another with cache.data_dir.");
    if (::access(directory.c_str(), R_OK | W_OK | X_OK) != 0)
        return problem(subject, directory.string() + " is not writable for this user",
                       "Run as its owner, or choose another with cache.data_dir.");
    if ((status.st_mode & 077U) != 0)
        return problem(subject, directory.string() + " can be read by other users",
                       "chmod 700 " + directory.string() + " (starting the daemon does that too).");
    return fine(subject, directory.string() + " is private and writable");
}

Finding examine_key_file(const config::Settings& settings, const config::Environment& environment)
{
    const auto& path = settings.auth.api_key_file;
    struct stat status {};
    if (!path.empty() && ::stat(path.c_str(), &status) == 0 && (status.st_mode & 077U) != 0)
        return problem("key file", path + " can be read by other users", "chmod 600 " + path);
    const auto key = config::find_api_key(settings.auth, environment);
    if (!key)
        return problem("key file", key.error().detail, "Put the key there, or unset what names it.");
    return fine("key file", key->key ? "the key comes from " + key->origin : "no key: the clients' own are used");
}

Finding examine_tokens(const config::Server& server)
{
    const auto tokens = read_tokens(server);
    return tokens ? fine("tokens", server.bearer_tokens_file + " is private and readable")
                  : problem("tokens", tokens.error().detail, "Correct it: it holds one token a line.", exit_usage);
}

Finding examine_disk(const fs::path& directory, const config::Cache& settings)
{
    struct statvfs space {};
    if (::statvfs(existing(directory).c_str(), &space) != 0)
        return unknown("disk", "the free space can't be told");
    const auto free = std::uint64_t{space.f_bavail} * space.f_frsize;
    const auto text = std::to_string(free >> 20U) + " MiB are free";
    if (free < settings.min_free_disk)
        return problem("disk", text + ", less than cache.min_free_disk: nothing new will be stored",
                       "Make room, or lower cache.min_free_disk.");
    return fine("disk", text);
}

} // namespace

Findings examine_machine(const config::Settings& settings, const config::Environment& environment)
{
    const fs::path directory = config::data_dir(settings.cache, environment);
    Findings findings{examine_directory(directory), examine_key_file(settings, environment)};
    if (!settings.server.bearer_tokens_file.empty())
        findings.push_back(examine_tokens(settings.server));
    for (auto& finding : examine_addresses(settings.server))
        findings.push_back(std::move(finding));
    findings.push_back(examine_store(directory));
    findings.push_back(examine_disk(directory, settings.cache));
    return findings;
}

} // namespace nomadic::daemon
