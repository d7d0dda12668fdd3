#include "config/load.hpp"
#include "config/describe.hpp"
#include "config/table.hpp"
#include "config/validate.hpp"
#include "results.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

using namespace nomadic;
using namespace nomadic::config;
using namespace std::chrono_literals;

namespace {

class File {
public:
    explicit File(const std::string& text)
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "nomadic-config-XXXXXX").string();
        const int descriptor = ::mkstemp(pattern.data());
        REQUIRE(descriptor >= 0);
        ::close(descriptor);
        path = pattern;
        std::ofstream(path) << text;
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() { std::filesystem::remove(path); }
    std::string path;
};

std::string error_of(const std::string& toml)
{
    const File file(toml);
    const auto loaded = load({.file = file.path, .environment = {}, .flags = {}});
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == Errc::invalid_configuration);
    CHECK(loaded.error().detail.starts_with(file.path + ":"));
    return loaded.error().detail.substr(file.path.size() + 1);
}

} // namespace

TEST_CASE("config: without anything, the defaults")
{
    const auto loaded = load({});
    REQUIRE(loaded);
    CHECK(loaded->settings.server.listen == std::vector<std::string>{"127.0.0.1:8765"});
    CHECK(loaded->settings.upstream.retries == 3);
    CHECK(loaded->settings.cache.fresh_pending == 60s);
    CHECK(loaded->origins.at("cache.fresh_pending") == "default");
}

TEST_CASE("config: flags over environment over file")
{
    const File file("[upstream]\nretries = 1\nchunk_size = 10\nmax_parallel = 2\n[server]\nlisten = '127.0.0.1:1'\n"
                    "[cache]\ndisk_quota = '2 GiB'\nfresh_pending = '5s'\n[log]\nformat = 'json'\n");
    const auto loaded = load({.file = file.path,
                              .environment = {{"NOMADIC_CACHED_UPSTREAM_CHUNK_SIZE", "20"},
                                              {"NOMADIC_CACHED_UPSTREAM_MAX_PARALLEL", "3"},
                                              {"NOMADIC_CACHED_SERVER_LISTEN", "127.0.0.1:1,[::1]:2"}},
                              .flags = {{"upstream.max_parallel", "4"}}});
    REQUIRE(loaded);
    CHECK(loaded->settings.upstream.retries == 1);
    CHECK(loaded->settings.upstream.chunk_size == 20);
    CHECK(loaded->settings.upstream.max_parallel == 4);
    CHECK(loaded->settings.server.listen == std::vector<std::string>{"127.0.0.1:1", "[::1]:2"});
    CHECK(loaded->settings.cache.disk_quota == 2 * GiB);
    CHECK(loaded->settings.log.format == log::Format::json);
    CHECK(loaded->origins.at("upstream.retries") == file.path + ":2");
    CHECK(loaded->origins.at("upstream.chunk_size") == "NOMADIC_CACHED_UPSTREAM_CHUNK_SIZE");
    CHECK(loaded->origins.at("upstream.max_parallel") == "--upstream-max-parallel");
}

TEST_CASE("config: an error names line, key and what is allowed")
{
    CHECK(error_of("[upstream]\nchunk_size = 501\n") ==
          "2: upstream.chunk_size is 501, but must be a whole number from 1 to 500.");
    CHECK(error_of("[upstream]\n\nretries = 'many'\n").starts_with("3: upstream.retries is \"many\", but must be"));
    CHECK(error_of("[cache]\nfresh_pending = 60\n").find("a duration such as") != std::string::npos);
    CHECK(error_of("[upstream]\ndialect = 'C'\n").find(R"(one of "auto", "bulk", "filter_batch")") !=
          std::string::npos);
    CHECK(error_of("[server]\nlistne = 'x'\n").find("nearest there is: server.listen") != std::string::npos);
    CHECK(error_of("[server]\nlisten = [1]\n").find("not a text") != std::string::npos);
    CHECK(error_of("[server]\nlisten = 'localhost'\n").starts_with("2: server.listen holds"));
    CHECK(error_of("[server]\nlisten = '0.0.0.0:80'\n").find("other machines can reach") != std::string::npos);
    CHECK(error_of("[server]\nunix_socket = 2024-01-01\n").find("must be a text") != std::string::npos);
    CHECK(error_of("listen = 'x'\n").starts_with("1: listen stands outside"));
    CHECK(error_of("[server\n").starts_with("1: not TOML"));
    CHECK(error_of("[auth]\napi_key = 'nmd-secret'\n").find("nmd-secret") == std::string::npos);
    CHECK(error_of("[upstream]\nbase_url = 'ftp://x'\n").find("must be a URL") != std::string::npos);
    CHECK(error_of("[upstream]\nbase_url = 'http://x:99999'\n").find("must be a URL") != std::string::npos);
    CHECK(error_of("[upstream]\nproxy = 'http://[::1'\n").find("must be a URL") != std::string::npos);
    CHECK(error_of("[server]\nbearer_tokens = ['']\n").starts_with("2: server.bearer_tokens holds a text"));
    CHECK(error_of("[server]\nbearer_tokens = ['s3cret token']\n").find("s3cret") == std::string::npos);
    for (const std::string host : {"https://cache.example", "*.example", "a:b", ""})
        CHECK(error_of("[server]\nallowed_hosts = ['" + host + "']\n").starts_with("2: server.allowed_hosts holds"));
    for (const std::string origin : {"*", "app.example", "https://app.example/", "https://App.example", "://x"})
        CHECK(error_of("[server]\nallowed_origins = ['" + origin + "']\n")
                  .starts_with("2: server.allowed_origins holds"));
    const File well("[server]\nallowed_hosts = ['cache.example', 'a.b:80', '[::1]']\n"
                    "allowed_origins = ['https://app.example:444', 'null', 'vscode-webview://x']\n"
                    "[upstream]\nbase_url = 'http://[::1]:80/api'\n");
    CHECK(load({.file = well.path, .environment = {}, .flags = {}}));
    const auto environment = load({.file = {}, .environment = {{"NOMADIC_CACHED_NOPE", "1"}}, .flags = {}});
    REQUIRE_FALSE(environment);
    CHECK(environment.error().detail.find("NOMADIC_CACHED_NOPE") != std::string::npos);
    CHECK_FALSE(load({.file = "/nonexistent.toml", .environment = {}, .flags = {}}));
}

TEST_CASE("config: what describe prints loads again to the same, and shows no token")
{
    const auto first = load({.file = {},
                             .environment = {{"NOMADIC_CACHED_LOG_LEVEL", "debug"}},
                             .flags = {{"server.unix_socket", "/run/a \"b\".sock"}}});
    REQUIRE(first);
    const File file(describe(*first));
    const auto second = load({.file = file.path, .environment = {}, .flags = {}});
    REQUIRE(second);
    CHECK(second->settings.log.level == log::Level::debug);
    CHECK(second->settings.server.unix_socket == "/run/a \"b\".sock");
    auto with_token =
        load({.file = {}, .environment = {{"NOMADIC_CACHED_SERVER_BEARER_TOKENS", "t0ps3cret"}}, .flags = {}});
    REQUIRE(with_token);
    CHECK(describe(*with_token).find("t0ps3cret") == std::string::npos);
}

TEST_CASE("config: every setting has a name, a flag and an environment variable of its own, and its default is allowed")
{
    std::set<std::string> names;
    Settings settings;
    for (const auto& setting : settings_table()) {
        CHECK(names.insert(setting.environment()).second);
        CHECK(names.insert(setting.flag()).second);
        auto text = value_text(setting, settings);
        if (text.starts_with('['))
            continue;
        if (text.starts_with('"'))
            text = text.substr(1, text.size() - 2);
        CHECK_MESSAGE(assign(setting, settings, std::string_view(text)).empty(), setting.name());
    }
}

TEST_CASE("config: the key comes from the environment, a credential or a file, in this order")
{
    const File file("key-in-file\n");
    const File empty("\n");
    const auto key = [](const Auth& auth, const Environment& environment) {
        const auto found = find_api_key(auth, environment);
        REQUIRE(found);
        return found->key ? std::string(found->key->reveal()) : std::string{};
    };
    Auth auth;
    CHECK(key(auth, {}).empty());
    auth.api_key_file = file.path;
    CHECK(key(auth, {}) == "key-in-file");
    CHECK(key(auth, {{"NOMADICML_API_KEY", "ml"}}) == "ml");
    CHECK(key(auth, {{"NOMADICML_API_KEY", "ml"}, {"NOMADICAI_API_KEY", "ai"}}) == "ai");
    auth.api_key_file = empty.path;
    CHECK_FALSE(find_api_key(auth, {}));
    auth.api_key_file = "/nonexistent";
    CHECK_FALSE(find_api_key(auth, {}));
}

TEST_CASE("config: addresses")
{
    CHECK(split_host_port("[::1]:80")->host == "::1");
    CHECK(split_host_port("localhost:8765")->port == "8765");
    for (const char* wrong : {"", "80", ":80", "::1:80", "host:", "host:x", "host:70000"})
        CHECK_FALSE_MESSAGE(split_host_port(wrong).has_value(), wrong);
    CHECK(is_loopback("127.0.0.2"));
    CHECK(is_loopback("::1"));
    for (const char* elsewhere : {"10.0.0.1", "127.0.0.1.evil.example", "127.evil.example", "127.1", "", "::2"})
        CHECK_FALSE_MESSAGE(is_loopback(elsewhere), elsewhere);
}
