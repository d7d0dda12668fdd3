#pragma once

// The certificate authorities that are trusted. The system's are many, and reading them takes longer than all else at a
// start: they are read when the first connection needs them, and once for all connections. Loop thread.

#include "base/error.hpp"
#include "proxy/net/asio.hpp"

#include <memory>

namespace nomadic::proxy {

class Authorities {
public:
    // Those in `ca_file`, which is read now, since a file that can't be used is a mistake in the configuration; the
    // system's when it is "". `workers` read, and must outlive this.
    static Result<std::shared_ptr<Authorities>> make(const std::string& ca_file, asio::thread_pool& workers);
    explicit Authorities(asio::thread_pool& workers) : workers_(workers) {}

    // Connections that are made with `tls` from now on trust them alone.
    awaitable<void> vouch_in(asio::ssl::context& tls);

private:
    using Trusted = std::shared_ptr<asio::ssl::context>; // for its certificates
    static Result<Trusted> read(const std::string& ca_file);

    asio::thread_pool& workers_;
    Trusted trusted_; // null until they have been read
};

} // namespace nomadic::proxy
