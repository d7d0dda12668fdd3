#pragma once

// What the upstream answers, as `doctor` judges it: that it does, its clock, the key, the dialect.

#include "daemon/doctor.hpp"

#include "proxy/upstream/connector.hpp"
#include "proxy/upstream/upstream.hpp"

namespace nomadic::daemon {

// Each question is asked once, and waited for as long as `settings` say. Blocks.
Findings ask_upstream(const config::Upstream& settings, std::shared_ptr<proxy::Connector> connector,
                      const proxy::Credential& key);

} // namespace nomadic::daemon
