#pragma once

// What every answer of our own tells a browser, so that it does nothing with it but show it to whoever asked: an answer
// is data, never a page, a script or a picture of another page's. Any thread.

#include "proxy/http/message.hpp"

namespace nomadic::proxy {

void keep_from_pages(Fields& fields);

} // namespace nomadic::proxy
