#pragma once

// Answers that say how things stand now, and that nobody keeps (Cache-Control: no-store). Any thread.

#include "proxy/http/message.hpp"

#include <boost/json/object.hpp>

namespace nomadic::proxy {

Response uncached(std::string media_type, std::string body);
Response uncached(const boost::json::object& document);

} // namespace nomadic::proxy
