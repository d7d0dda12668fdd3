#pragma once

// What we keep of a key: HMAC-SHA-256 (RFC 2104) under this installation's secret. Without the secret the hash can't be
// matched against guesses; with another installation's it never matches. Any thread.

#include "base/secret.hpp"
#include "batch/digest.hpp"

namespace nomadic::proxy {

batch::Digest keyed_hash(std::string_view install_secret, const Secret& key);

} // namespace nomadic::proxy
