#include "proxy/upstream/http_upstream.hpp"

namespace nomadic::proxy {

std::string request_head(const Pool& pool, std::string_view method, std::string_view target, const Fields& fields,
                         const Asker& asker, std::string_view framing)
{
    const auto& endpoint = pool.endpoint();
    std::string head;
    const auto field = [&](std::string_view name, std::string_view value) {
        head += name;
        head += ": ";
        head += value;
        head += "\r\n";
    };
    head += method;
    head += ' ';
    if (pool.sends_absolute_targets())
        head += "http://" + endpoint.authority();
    head += endpoint.base_path;
    head += target;
    head += " HTTP/1.1\r\n";
    field("Host", endpoint.authority());
    if (pool.sends_absolute_targets())
        head += pool.proxy_authorization(); // through a tunnel, the tunnel has said it
    for (const auto& [name, value] : fields)
        field(name, value);
    if (asker.credential) {
        field("X-API-Key", asker.credential->reveal());
        head += "Authorization: Bearer ";
        head += asker.credential->reveal();
        head += "\r\n";
    }
    if (!asker.request_id.empty())
        field("X-Request-ID", asker.request_id);
    head += framing;
    head += "\r\n";
    return head;
}

} // namespace nomadic::proxy
