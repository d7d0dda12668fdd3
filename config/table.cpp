#include "config/table.hpp"

#include <array>

namespace nomadic::config {

namespace {

constexpr std::uint64_t second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
constexpr std::uint64_t TiB = 1024 * GiB;

constexpr std::array<std::string_view, 3> dialect_names{"auto", "bulk", "filter_batch"};
constexpr std::array<std::string_view, 3> revalidation_names{"full", "reviewed", "status"};
constexpr std::array<std::string_view, 2> partition_names{"user", "org"};
constexpr std::array<std::string_view, 3> passthrough_names{"all", "safe-methods", "off"};
constexpr std::array<std::string_view, 5> level_names{"trace", "debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> format_names{"logfmt", "json"};

template <class Enum>
Choice choice(std::span<const std::string_view> names, Enum& value)
{
    return {names, [&value] { return static_cast<std::size_t>(value); },
            [&value](std::size_t index) { value = static_cast<Enum>(index); }};
}

const std::array table{
    Setting{"server", "listen", "Addresses to listen on, host:port; port 0 takes a free one",
            [](Settings& s) -> Slot { return &s.server.listen; }},
    Setting{"server", "unix_socket", "Path of a Unix socket to listen on as well; its owner's alone",
            [](Settings& s) -> Slot { return &s.server.unix_socket; }},
    Setting{"server", "allowed_users", "Other users, by name or number, who may use the Unix socket",
            [](Settings& s) -> Slot { return &s.server.allowed_users; }},
    Setting{"server", "allowed_groups", "Groups, by name or number, whose members may use the Unix socket",
            [](Settings& s) -> Slot { return &s.server.allowed_groups; }},
    Setting{.table = "server",
            .key = "bearer_tokens",
            .help = "Tokens that local clients must send; empty: being on this machine is enough",
            .slot = [](Settings& s) -> Slot { return &s.server.bearer_tokens; },
            .secret = true},
    Setting{"server", "bearer_tokens_file", "File with one such token a line",
            [](Settings& s) -> Slot { return &s.server.bearer_tokens_file; }},
    Setting{"server", "allowed_hosts", "Host names we answer to, beside localhost and the addresses we listen on",
            [](Settings& s) -> Slot { return &s.server.allowed_hosts; }},
    Setting{"server", "allowed_origins", "Origins whose web pages may use the daemon through a browser",
            [](Settings& s) -> Slot { return &s.server.allowed_origins; }},
    Setting{"server", "tls_certificate", "PEM file with the certificate chain to serve TLS with",
            [](Settings& s) -> Slot { return &s.server.tls_certificate; }},
    Setting{"server", "tls_key", "PEM file with its private key",
            [](Settings& s) -> Slot { return &s.server.tls_key; }},
    Setting{"server", "allow_insecure", "Listen beyond this machine without TLS and bearer tokens",
            [](Settings& s) -> Slot { return &s.server.allow_insecure; }},

    Setting{"upstream", "base_url", "The API we cache", [](Settings& s) -> Slot { return &s.upstream.base_url; }},
    Setting{"upstream", "ca_file", "PEM file with the authorities to trust instead of the system's",
            [](Settings& s) -> Slot { return &s.upstream.ca_file; }},
    Setting{"upstream", "client_certificate", "PEM file with a certificate to show to the upstream",
            [](Settings& s) -> Slot { return &s.upstream.client_certificate; }},
    Setting{"upstream", "client_key", "PEM file with its private key",
            [](Settings& s) -> Slot { return &s.upstream.client_key; }},
    Setting{"upstream", "proxy",
            "HTTP proxy to reach the upstream through, http://host:port; empty: HTTPS_PROXY, "
            "http_proxy and NO_PROXY, of which the first two may hold a user and password",
            [](Settings& s) -> Slot { return &s.upstream.proxy; }},
    Setting{"upstream", "connect_timeout", "Longest wait for a connection, TLS included",
            [](Settings& s) -> Slot { return &s.upstream.connect_timeout; }, 1, hour},
    Setting{"upstream", "request_timeout", "Longest wait for a whole answer of one attempt",
            [](Settings& s) -> Slot { return &s.upstream.request_timeout; }, 1, day},
    Setting{"upstream", "retries", "Further attempts after a failed one",
            [](Settings& s) -> Slot { return &s.upstream.retries; }, 0, 20},
    Setting{"upstream", "retry_base_delay", "Wait before the first further attempt; doubles each time, with jitter",
            [](Settings& s) -> Slot { return &s.upstream.retry_base_delay; }, 1, hour},
    Setting{"upstream", "retry_max_delay", "Longest wait between attempts, also when the upstream asks for more",
            [](Settings& s) -> Slot { return &s.upstream.retry_max_delay; }, 1, day},
    Setting{"upstream", "chunk_size", "Videos in one bulk request",
            [](Settings& s) -> Slot { return &s.upstream.chunk_size; }, 1, 500},
    Setting{"upstream", "max_parallel", "Bulk requests of one batch at a time",
            [](Settings& s) -> Slot { return &s.upstream.max_parallel; }, 1, 256},
    Setting{"upstream", "max_connections", "Connections to the upstream at a time",
            [](Settings& s) -> Slot { return &s.upstream.max_connections; }, 1, 4096},
    Setting{"upstream", "idle_timeout", "How long an unused connection to the upstream is kept",
            [](Settings& s) -> Slot { return &s.upstream.idle_timeout; }, 1, day},
    Setting{"upstream", "max_response_bytes", "Largest status or bulk answer taken from the upstream",
            [](Settings& s) -> Slot { return Size{&s.upstream.max_response_bytes}; }, KiB, 16 * GiB},
    Setting{"upstream", "poll_interval", "At most one status request per running batch in this time",
            [](Settings& s) -> Slot { return &s.upstream.poll_interval; }, 0, hour},
    Setting{"upstream", "watch_interval", "How often a batch that somebody watches is asked for",
            [](Settings& s) -> Slot { return &s.upstream.watch_interval; }, 10, day},
    Setting{"upstream", "dialect", "How to ask the upstream for analyses; auto finds out",
            [](Settings& s) -> Slot { return choice(dialect_names, s.upstream.dialect); }},

    Setting{"auth", "api_key_file", "File that holds the API key",
            [](Settings& s) -> Slot { return &s.auth.api_key_file; }},
    Setting{"auth", "partition", "Who shares a cached batch when clients use their own keys",
            [](Settings& s) -> Slot { return choice(partition_names, s.auth.partition); }},
    Setting{"auth", "verify_ttl", "How long a client's verified key is believed",
            [](Settings& s) -> Slot { return &s.auth.verify_ttl; }, second, 365 * day},
    Setting{"auth", "refusal_ttl",
            "How long a client's key that the upstream refused is not asked about again; 0s: never",
            [](Settings& s) -> Slot { return &s.auth.refusal_ttl; }, 0, minute},
    Setting{"auth", "offline_grace", "How long it is believed when the upstream can't be reached to verify it again",
            [](Settings& s) -> Slot { return &s.auth.offline_grace; }, 0, 3650 * day},

    Setting{"cache", "data_dir",
            "Directory of the store; empty: $STATE_DIRECTORY, else "
            "$XDG_DATA_HOME/nomadic-cached, else ~/.local/share/nomadic-cached",
            [](Settings& s) -> Slot { return &s.cache.data_dir; }},
    Setting{"cache", "fresh_pending", "Freshness of a batch with events still pending",
            [](Settings& s) -> Slot { return &s.cache.fresh_pending; }, 0, 3650 * day},
    Setting{"cache", "fresh_reviewed", "Freshness of a batch whose events are all reviewed",
            [](Settings& s) -> Slot { return &s.cache.fresh_reviewed; }, 0, 3650 * day},
    Setting{"cache", "fresh_failed", "After a failed revalidation: how long what is stored is served before the next",
            [](Settings& s) -> Slot { return &s.cache.fresh_failed; }, 0, day},
    Setting{"cache", "freshness_rules",
            "Other times for batches whose id matches, first match wins: \"nightly-* fresh_pending=5s "
            "stale_if_error=1d\"",
            [](Settings& s) -> Slot { return &s.cache.freshness_rules; }},
    Setting{"cache", "revalidate",
            "When an unchanged status document means an unchanged batch: full (never), reviewed (nothing "
            "pending), status (always)",
            [](Settings& s) -> Slot { return choice(revalidation_names, s.cache.revalidate); }},
    Setting{"cache", "stale_while_revalidate",
            "Served while it is refreshed behind, for this long after; 0s: for as "
            "long again as it was fresh",
            [](Settings& s) -> Slot { return &s.cache.stale_while_revalidate; }, 0, 3650 * day},
    Setting{"cache", "stale_if_error", "Served when the upstream fails, for this long after",
            [](Settings& s) -> Slot { return &s.cache.stale_if_error; }, 0, 3650 * day},
    Setting{"cache", "disk_quota", "Most disk space: database, its log and temporary files together",
            [](Settings& s) -> Slot { return Size{&s.cache.disk_quota}; }, MiB, 1024 * TiB},
    Setting{"cache", "min_free_disk", "Disk space to leave free on the store's file system",
            [](Settings& s) -> Slot { return Size{&s.cache.min_free_disk}; }, 0, 1024 * TiB},
    Setting{"cache", "hot_bytes", "Memory for rendered answers",
            [](Settings& s) -> Slot { return Size{&s.cache.hot_bytes}; }, 0, TiB},
    Setting{"cache", "held_bytes", "Memory for batches that can't be stored, or must not be, all together",
            [](Settings& s) -> Slot { return Size{&s.cache.held_bytes}; }, KiB, TiB},
    Setting{"cache", "spool_threshold", "A rendered answer larger than this goes to a temporary file",
            [](Settings& s) -> Slot { return Size{&s.cache.spool_threshold}; }, KiB, 16 * GiB},
    Setting{"cache", "spool_bytes", "Most disk space of such files, half of it for those kept to be sent again",
            [](Settings& s) -> Slot { return Size{&s.cache.spool_bytes}; }, MiB, 1024 * TiB},
    Setting{"cache", "spool_files", "Most such files (open descriptors), half of them kept to be sent again",
            [](Settings& s) -> Slot { return &s.cache.spool_files; }, 2, 1'000'000},

    Setting{"history", "keep", "Snapshots kept of a batch", [](Settings& s) -> Slot { return &s.history.keep; }, 1,
            1'000'000},
    Setting{"history", "max_age", "How long a superseded snapshot is kept",
            [](Settings& s) -> Slot { return &s.history.max_age; }, 0, 36500 * day},

    Setting{"thumbnails", "max_bytes", "Largest picture that is fetched",
            [](Settings& s) -> Slot { return Size{&s.thumbnails.max_bytes}; }, KiB, GiB},
    Setting{"thumbnails", "max_batch_bytes", "Most space for the pictures of one batch",
            [](Settings& s) -> Slot { return Size{&s.thumbnails.max_batch_bytes}; }, 0, TiB},
    Setting{"thumbnails", "max_parallel", "Pictures fetched at a time",
            [](Settings& s) -> Slot { return &s.thumbnails.max_parallel; }, 1, 256},
    Setting{"thumbnails", "timeout", "Longest wait for one picture",
            [](Settings& s) -> Slot { return &s.thumbnails.timeout; }, 1, hour},
    Setting{"thumbnails", "allowed_hosts",
            "host:port pairs that pictures may come from although their address is private",
            [](Settings& s) -> Slot { return &s.thumbnails.allowed_hosts; }},

    Setting{"limits", "max_header_bytes", "Largest request head",
            [](Settings& s) -> Slot { return Size{&s.limits.max_header_bytes}; }, KiB, MiB},
    Setting{"limits", "max_body_bytes", "Largest request body that we read ourselves; forwarded ones stream",
            [](Settings& s) -> Slot { return Size{&s.limits.max_body_bytes}; }, KiB, 16 * GiB},
    Setting{"limits", "max_connections", "Client connections at a time",
            [](Settings& s) -> Slot { return &s.limits.max_connections; }, 1, 1'000'000},
    Setting{"limits", "header_timeout", "Longest wait for a whole request head once it has begun",
            [](Settings& s) -> Slot { return &s.limits.header_timeout; }, 1, hour},
    Setting{"limits", "body_timeout", "Longest wait for the next bytes of a body, in either direction",
            [](Settings& s) -> Slot { return &s.limits.body_timeout; }, 1, day},
    Setting{"limits", "idle_timeout", "How long an idle client connection is kept",
            [](Settings& s) -> Slot { return &s.limits.idle_timeout; }, 1, day},
    Setting{"limits", "drain_timeout", "Longest wait for requests under way when stopping",
            [](Settings& s) -> Slot { return &s.limits.drain_timeout; }, 0, hour},
    Setting{"limits", "heartbeat", "How often a quiet event stream says that it is alive",
            [](Settings& s) -> Slot { return &s.limits.heartbeat; }, 10, hour},
    Setting{"limits", "worker_threads", "Threads that read the store, parse and render",
            [](Settings& s) -> Slot { return &s.limits.worker_threads; }, 1, 256},

    Setting{"passthrough", "mode", "Which other requests under /api/ are forwarded",
            [](Settings& s) -> Slot { return choice(passthrough_names, s.passthrough.mode); }},
    Setting{"dashboard", "base_url", "Where batch_viewer_url points to",
            [](Settings& s) -> Slot { return &s.dashboard.base_url; }},
    Setting{"log", "level", "Least severe level that is logged",
            [](Settings& s) -> Slot { return choice(level_names, s.log.level); }},
    Setting{"log", "format", "Form of a log line",
            [](Settings& s) -> Slot { return choice(format_names, s.log.format); }},
};

std::string upper(std::string_view text)
{
    std::string result;
    for (const char c : text)
        result += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return result;
}

} // namespace

std::string Setting::environment() const
{
    return "NOMADIC_CACHED_" + upper(table) + "_" + upper(key);
}

std::string Setting::flag() const
{
    auto text = "--" + std::string(table) + "-" + std::string(key);
    for (auto& c : text)
        if (c == '_')
            c = '-';
    return text;
}

std::span<const Setting> settings_table()
{
    return table;
}

const Setting* find_setting(std::string_view name)
{
    for (const auto& setting : table)
        if (setting.name() == name)
            return &setting;
    return nullptr;
}

} // namespace nomadic::config
