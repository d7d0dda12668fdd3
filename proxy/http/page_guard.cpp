#include "proxy/http/page_guard.hpp"

namespace nomadic::proxy {

void keep_from_pages(Fields& fields)
{
    fields.set("X-Content-Type-Options", "nosniff");
    fields.set("Cross-Origin-Resource-Policy", "same-origin");
    fields.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    fields.set("Referrer-Policy", "no-referrer");
}

} // namespace nomadic::proxy
