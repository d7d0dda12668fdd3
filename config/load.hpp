#pragma once

// Makes the effective settings: flags over environment over file over defaults, each value with where it came from.
// Every error is Errc::invalid_configuration and names file, line, key and what is allowed. Reads files; start only.

#include "base/error.hpp"
#include "base/secret.hpp"
#include "config/settings.hpp"

#include <map>
#include <memory>
#include <utility>

namespace nomadic::config {

using Environment = std::map<std::string, std::string>;

struct Sources {
    std::string file; // "" for none
    Environment environment;
    std::vector<std::pair<std::string, std::string>> flags; // setting name, text
};

struct Loaded {
    Settings settings;
    std::map<std::string, std::string> origins; // setting name to "default", "FILE:LINE", "NOMADIC_CACHED_…", "--…"
};

Result<Loaded> load(const Sources& sources);

// The daemon's own key: NOMADICAI_API_KEY, NOMADICML_API_KEY, the systemd credential `api_key`, auth.api_key_file, in
// this order. Null when there is none: then the clients' own keys are used.
struct ApiKey {
    std::shared_ptr<const Secret> key;
    std::string origin; // where it was found; never the key
};
Result<ApiKey> find_api_key(const Auth& auth, const Environment& environment);

// Where the store lives: cache.data_dir, or the default for this environment.
std::string data_dir(const Cache& cache, const Environment& environment);

} // namespace nomadic::config
