#pragma once

// Every default and every limit of the program, as plain values. Read once at start (and again at SIGHUP), then
// shared read-only. Where values come from is config/load.hpp; what each means to a user is config/table.hpp, which
// has a row for every member here. Any thread.

#include "base/log.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace nomadic::config {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr std::uint64_t KiB = 1024, MiB = 1024 * KiB, GiB = 1024 * MiB;

struct Server {
    std::vector<std::string> listen{"127.0.0.1:8765"}; // host:port; port 0 takes a free one
    std::string unix_socket;                           // path; "" for none
    std::vector<std::string> allowed_users;            // of the Unix socket, by name or number, beside our own
    std::vector<std::string> allowed_groups;           // likewise; both empty: our own user alone
    std::vector<std::string> bearer_tokens;            // local credentials; empty: loopback is enough
    std::string bearer_tokens_file;
    std::vector<std::string> allowed_hosts;   // beside localhost and what we listen on
    std::vector<std::string> allowed_origins; // web pages that may read through a browser
    std::string tls_certificate;
    std::string tls_key;
    bool allow_insecure = false; // listen beyond loopback without TLS and tokens
};

enum class DialectChoice { automatic, bulk, filter_batch };

struct Upstream {
    std::string base_url = "https://api-prod.nomadicml.com";
    std::string ca_file; // "" for the system's
    std::string client_certificate;
    std::string client_key;
    std::string proxy; // "" for HTTPS_PROXY / HTTP_PROXY / NO_PROXY
    milliseconds connect_timeout{10'000};
    milliseconds request_timeout{60'000};
    std::uint32_t retries = 3;
    milliseconds retry_base_delay{250};
    milliseconds retry_max_delay{20'000};
    std::uint32_t chunk_size = 100; // videos a bulk request; upstream takes at most 500
    std::uint32_t max_parallel = 16;
    std::uint32_t max_connections = 32;
    milliseconds idle_timeout{30'000};            // of a pooled connection
    std::uint64_t max_response_bytes = 256 * MiB; // of one status or bulk answer
    milliseconds poll_interval{2'000};            // at most one status request per running batch in this time
    milliseconds watch_interval{10'000};          // between revalidations of a batch that somebody watches
    DialectChoice dialect = DialectChoice::automatic;
};

enum class Partition { user, org };

struct Auth {
    std::string api_key_file;
    Partition partition = Partition::user;
    seconds verify_ttl{300};
    seconds refusal_ttl{5};
    seconds offline_grace{24 * 3600};
};

// When an unchanged status document counts as an unchanged batch (docs/freshness.md).
enum class Revalidation { full, reviewed, status };

struct Cache {
    std::string data_dir; // "" for $STATE_DIRECTORY, else $XDG_DATA_HOME/nomadic-cached
    seconds fresh_pending{60};
    seconds fresh_reviewed{24 * 3600};
    seconds fresh_failed{1};                  // after a revalidation that failed
    std::vector<std::string> freshness_rules; // config/freshness_rule.hpp
    Revalidation revalidate = Revalidation::full;
    // 0 means: for as long again as the snapshot was fresh.
    seconds stale_while_revalidate{0};
    seconds stale_if_error{7 * 24 * 3600};
    std::uint64_t disk_quota = 20 * GiB; // database, WAL and temporary files together
    std::uint64_t min_free_disk = 512 * MiB;
    std::uint64_t hot_bytes = 256 * MiB;      // rendered answers kept in memory
    std::uint64_t held_bytes = 512 * MiB;     // batches in memory that can't or must not be stored
    std::uint64_t spool_threshold = 24 * MiB; // a rendered answer larger than this goes to a temporary file
    std::uint64_t spool_bytes = 4 * GiB;      // of all those files: kept, being made or still being read
    std::uint32_t spool_files = 1024;         // descriptors, likewise
};

struct History {
    std::uint32_t keep = 100;         // snapshots of a batch
    seconds max_age{365 * 24 * 3600}; // of a superseded snapshot
};

struct Thumbnails {
    std::uint64_t max_bytes = 4 * MiB;       // of one picture
    std::uint64_t max_batch_bytes = 1 * GiB; // of all pictures of a batch
    std::uint32_t max_parallel = 8;
    milliseconds timeout{30'000};
    std::vector<std::string> allowed_hosts; // host:port that may have a private address
};

struct Limits {
    std::uint64_t max_header_bytes = 32 * KiB;
    std::uint64_t max_body_bytes = 16 * MiB; // of a request that we answer ourselves; forwarded bodies stream
    std::uint32_t max_connections = 8192;
    milliseconds header_timeout{15'000};
    milliseconds body_timeout{60'000}; // without a byte of progress
    milliseconds idle_timeout{75'000}; // between requests
    milliseconds drain_timeout{10'000};
    milliseconds heartbeat{15'000};   // a comment on a quiet event stream
    std::uint32_t worker_threads = 2; // parsing, rendering, store reads
};

enum class PassthroughMode { all, safe_methods, off };
struct Passthrough {
    PassthroughMode mode = PassthroughMode::all;
};

struct Dashboard {
    std::string base_url = "https://app.nomadicml.com";
};

struct Log {
    log::Level level = log::Level::info;
    log::Format format = log::Format::logfmt;
};

struct Settings {
    Server server;
    Upstream upstream;
    Auth auth;
    Cache cache;
    History history;
    Thumbnails thumbnails;
    Limits limits;
    Passthrough passthrough;
    Dashboard dashboard;
    Log log;
};

} // namespace nomadic::config
