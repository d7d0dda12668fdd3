#include "config/validate.hpp"
#include "daemon/client.hpp"
#include "daemon/doctor.hpp"

#include "base/units.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json.hpp>

#include <array>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace nomadic::daemon {

namespace {

namespace fs = std::filesystem;

Finding ok(std::string subject, std::string detail)
{
    return {std::move(subject), Health::ok, std::move(detail), ""};
}

Finding problem(std::string subject, std::string detail, std::string remedy)
{
    return {std::move(subject), Health::problem, std::move(detail), std::move(remedy)};
}

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
            return ok(subject, directory.string() + " will be made");
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
    return ok(subject, directory.string() + " is private and writable");
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
    return ok("key file", key->key ? "the key comes from " + key->origin : "no key: the clients' own are used");
}

std::string version_answering(const std::string& server, const config::Server& settings)
{
    const auto reply = Client(server, settings).request("GET", "/v1/status");
    boost::system::error_code error;
    const auto document = reply ? boost::json::parse(reply->body, error) : boost::json::value();
    const auto* object = error ? nullptr : document.if_object();
    const auto* version = object == nullptr ? nullptr : object->if_contains("version");
    return version != nullptr && version->is_string() ? std::string(version->get_string()) : "";
}

Finding examine_address(const std::string& address, const config::Server& settings)
{
    namespace asio = boost::asio;
    const auto parts = config::split_host_port(address);
    const auto running = version_answering("http://" + address, settings);
    if (!running.empty())
        return ok("port", address + ": nomadic-cached " + running + " answers there");
    asio::io_context context;
    boost::system::error_code error;
    const auto ip = asio::ip::make_address(parts->host == "localhost" ? "127.0.0.1" : parts->host, error);
    asio::ip::tcp::acceptor acceptor(context);
    const asio::ip::tcp::endpoint endpoint(ip, static_cast<std::uint16_t>(std::stoul(parts->port)));
    if (!error)
        acceptor.open(endpoint.protocol(), error);
    if (!error)
        acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error)
        acceptor.bind(endpoint, error);
    if (error)
        return problem("port", address + " can't be listened on: " + error.message(),
                       "Stop what uses it (ss -ltnp shows it), or choose another in server.listen.");
    return ok("port", address + " is free");
}

// The header of the database file says whose it is and how new (https://sqlite.org/fileformat.html, 1.3).
Finding examine_store(const fs::path& database)
{
    const auto subject = "store";
    std::error_code error;
    if (!fs::exists(database, error))
        return ok(subject, "there is none yet: the first start makes it");
    std::ifstream file(database, std::ios::binary);
    std::array<char, 100> header{};
    if (!file.read(header.data(), header.size()))
        return problem(subject, database.string() + " can't be read or is cut short",
                       "Check its permissions. Starting the daemon sets a corrupt store aside and begins a fresh one.");
    const auto number = [&](std::size_t at) {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4; ++i)
            value = value << 8U | static_cast<unsigned char>(header.at(at + i));
        return value;
    };
    constexpr std::size_t user_version_at = 60, application_id_at = 68;
    if (std::string_view(header.data(), 15) != "SQLite format 3")
        return problem(subject, database.string() + " is no SQLite database",
                       "Starting the daemon sets it aside and begins a fresh one.");
    constexpr std::uint32_t our_application = 0x4E4D4361;
    if (number(application_id_at) != our_application)
        return problem(subject, database.string() + " belongs to another program",
                       "Choose another directory with cache.data_dir.");
    return ok(subject, database.string() + ", version " + std::to_string(number(user_version_at)) + ", " +
                           std::to_string(fs::file_size(database, error) >> 20U) +
                           " MiB ('nomadic-cached verify' reads every row)");
}

Finding examine_disk(const fs::path& directory, const config::Cache& settings)
{
    struct statvfs space {};
    if (::statvfs(existing(directory).c_str(), &space) != 0)
        return {"disk", Health::unknown, "the free space can't be told", ""};
    const auto free = std::uint64_t{space.f_bavail} * space.f_frsize;
    const auto text = std::to_string(free >> 20U) + " MiB are free";
    if (free < settings.min_free_disk)
        return problem("disk", text + ", less than cache.min_free_disk: nothing new will be stored",
                       "Make room, or lower cache.min_free_disk.");
    return ok("disk", text);
}

} // namespace

Findings examine_machine(const config::Settings& settings, const config::Environment& environment)
{
    const fs::path directory = config::data_dir(settings.cache, environment);
    Findings findings{examine_directory(directory), examine_key_file(settings, environment)};
    for (const auto& address : settings.server.listen)
        findings.push_back(examine_address(address, settings.server));
    findings.push_back(examine_store(directory / "cache.db"));
    findings.push_back(examine_disk(directory, settings.cache));
    return findings;
}

} // namespace nomadic::daemon
