#pragma once

// Certificates, as `doctor` judges them.

#include "daemon/doctor.hpp"

#include <openssl/ssl.h>

namespace nomadic::daemon {

// One that we show, and its private key: readable, fitting each other, of today.
Finding examine_certificate(const std::string& subject, const std::string& certificate, const std::string& key);

// The one that `host` has shown: chain, name, and when it ends. The handshake must have been let through whatever the
// verdict was.
Finding judge_certificate(SSL* connection, const std::string& host);

} // namespace nomadic::daemon
