#include "config/reload.hpp"

#include <doctest/doctest.h>

using namespace nomadic::config;

TEST_CASE("reload: what can change does, the rest is named and stays")
{
    Settings running;
    Settings next;
    next.log.level = nomadic::log::Level::warn;
    next.server.allowed_hosts = {"cache.test"};
    next.limits.max_header_bytes = 64 * KiB;
    next.limits.worker_threads = 7;
    next.upstream.retries = 9;
    const auto reloaded = reload(running, next);
    CHECK(reloaded.changed == std::vector<std::string>{"server.allowed_hosts", "limits.max_header_bytes", "log.level"});
    CHECK(reloaded.need_restart == std::vector<std::string>{"upstream.retries", "limits.worker_threads"});
    CHECK(running.log.level == nomadic::log::Level::warn);
    CHECK(running.limits.worker_threads == Settings{}.limits.worker_threads);
    CHECK(running.upstream.retries == Settings{}.upstream.retries);
}

TEST_CASE("reload: another token is seen, though none is ever shown")
{
    Settings running;
    running.server.bearer_tokens = {"one"};
    Settings next;
    next.server.bearer_tokens = {"two"};
    CHECK(reload(running, next).changed == std::vector<std::string>{"server.bearer_tokens"});
}
