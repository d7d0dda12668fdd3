#pragma once

// Who asks, which partition of the store is theirs, and whose key goes upstream. Two modes (docs/security.md): the
// daemon's own key, in place of whatever a client sent; or the clients' keys, each verified upstream and mapped to the
// verified user's (or org's) scope. Keys are kept only as keyed hashes. Loop thread.

#include "base/clock.hpp"
#include "cache/async_store.hpp"
#include "config/settings.hpp"
#include "proxy/service/single_flight.hpp"
#include "proxy/upstream/upstream.hpp"

namespace nomadic::proxy {

struct Identity {
    // Where to look, best first; what is fetched is stored under the first. More than one only offline without a key.
    std::vector<cache::Scope> scopes;
    Credential credential;              // what goes upstream; empty offline
    std::string label;                  // "daemon", or the verified user or org; never a key
    TimePoint until = TimePoint::max(); // when it has to be verified again
};

// Offline there is nobody to verify a key with: what was verified before stands, whatever its age.
enum class Reach { online, offline };

class Credentials {
public:
    struct Parameters {
        config::Auth auth;
        std::string base_url; // a part of every scope: two upstreams never share a batch
        std::string install_secret;
        Credential daemon_key; // empty: the clients' own keys are used
        Reach reach = Reach::online;
        std::optional<cache::Scope>
            open_scope{}; // a bundle's: whoever reaches the daemon reads it, with any key or none
    };

    // `upstream` may be null only offline.
    Credentials(Parameters parameters, cache::AsyncStore& store, Upstream* upstream, const Clock& clock,
                const asio::any_io_executor& executor);

    // Fails with Errc::unauthorized (no key, refused, contradictory keys), or as the upstream does when the key can't
    // be verified and no earlier verification is young enough.
    awaitable<Result<Identity>> identify(const Request& request);

    // Every refused key is asked about again: somebody has just put right what was wrong.
    void forget_refusals() { refused_.clear(); }

    bool daemon_mode() const { return parameters_.daemon_key != nullptr; }

private:
    struct Verified {
        cache::Scope scope;
        TimePoint verified_at;
        std::string label;
    };

    awaitable<Result<Identity>> daemon_identity();
    awaitable<Result<Identity>> anonymous_identity();
    awaitable<Result<Verified>> verified(batch::Digest hash, Credential key, std::string request_id);
    awaitable<Result<Verified>> verify_upstream(batch::Digest hash, Credential key, std::string request_id);
    bool still_stands(const cache::Principal& recalled, const batch::Digest& hash) const;
    awaitable<std::optional<cache::Principal>> recall(batch::Digest hash);
    awaitable<void> remember(batch::Digest hash, cache::Principal principal);
    Result<Verified> verdict(const batch::Digest& hash, const Exchange& exchange) const;

    Parameters parameters_;
    cache::AsyncStore& store_;
    Upstream* upstream_;
    const Clock& clock_;
    SingleFlight<batch::Digest, Verified> verifications_;
    struct Refused {
        TimePoint until;
        Failure why;
    };
    std::map<batch::Digest, Verified> verified_; // bounded: see credentials.cpp
    std::map<batch::Digest, Refused> refused_;   // likewise
    std::vector<cache::Scope> daemon_scopes_;    // empty until first asked for
};

// Where what the daemon's own key fetches is stored.
cache::Scope daemon_scope(std::string_view base_url, std::string_view install_secret, const Secret& key);

// The key of a request: X-API-Key or `Authorization: Bearer`; a null pointer when there is none. Fails when the two, or
// two of one, disagree: a request must not be able to name two tenants.
Result<Credential> key_of(const Fields& fields);

} // namespace nomadic::proxy
