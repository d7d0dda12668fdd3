#pragma once

// What a stored batch is found by. A Scope is an opaque partition of the store: made from the upstream's base URL and
// the verified principal, so one user's batch can't even be named by another. Any thread.

#include "batch/digest.hpp"

#include <string>

namespace nomadic::cache {

struct Scope {
    batch::Digest id{};
    friend auto operator<=>(const Scope&, const Scope&) = default;
};

// `principal` is the verified user or org, or the keyed hash of the daemon's own key; parts are hashed with lengths.
Scope make_scope(std::string_view base_url, std::string_view kind, std::string_view principal);

// Where everything in a bundle is: a bundle has no principals, it is its reader's own.
Scope bundle_scope();
// Where what is being imported waits until all of it is there. Nobody's: no principal hashes to it.
Scope passage_scope();

// Where removed batches are until their rows have gone. Nobody's either.
Scope removed_scope();

struct Key {
    Scope scope;
    std::string batch_id;
    friend auto operator<=>(const Key&, const Key&) = default;
};

} // namespace nomadic::cache
