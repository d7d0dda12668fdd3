#pragma once

// What an answer of the upstream that is not a success means to us. Pure.

#include "base/clock.hpp"
#include "proxy/upstream/upstream.hpp"

namespace nomadic::proxy {

// `asked` names what was asked for, e.g. "batch b1".
Failure refusal(const Exchange& exchange, std::string_view asked, TimePoint now);

// 401, 403 and 404 are answers: never hidden behind what is stored.
bool is_refusal(const Failure& failure);

} // namespace nomadic::proxy
