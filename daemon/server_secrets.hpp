#pragma once

// What listening takes that is not for everybody's eyes: the local tokens, and the certificate's private key. Reads
// files.

#include "base/error.hpp"
#include "base/secret.hpp"
#include "config/settings.hpp"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <vector>

namespace nomadic::daemon {

// All that are accepted; none: no token is asked for.
Result<std::vector<std::shared_ptr<const Secret>>> read_tokens(const config::Server& server);
// Null without server.tls_certificate.
Result<std::shared_ptr<boost::asio::ssl::context>> server_tls(const config::Server& server);

} // namespace nomadic::daemon
