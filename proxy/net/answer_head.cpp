#include "proxy/net/answer_head.hpp"

namespace nomadic::proxy {

std::string begin_head(const Response& response, std::string_view framing, Connection connection,
                       unsigned minor_version)
{
    std::string head;
    head.reserve(768);
    head += "HTTP/1.1 ";
    head += std::to_string(response.status);
    head += ' ';
    if (response.reason.empty()) {
        const auto usual = http::obsolete_reason(static_cast<http::status>(response.status));
        head.append(usual.data(), usual.size());
    } else {
        head += response.reason;
    }
    head += "\r\n";
    for (const auto& field : response.fields) {
        head += field.name;
        head += ": ";
        head += field.value;
        head += "\r\n";
    }
    head += framing;
    if (connection == Connection::close)
        head += "Connection: close\r\n";
    else if (minor_version == 0)
        head += "Connection: keep-alive\r\n";
    return head;
}

std::uint64_t body_size(const Response& response)
{
    if (const auto* body = std::get_if<std::shared_ptr<const cache::Body>>(&response.body))
        return (*body)->size();
    return response.content_length.value_or(std::get<std::string>(response.body).size());
}

std::string length_framing(const Response& response)
{
    return is_bodiless(response) ? "" : "Content-Length: " + std::to_string(body_size(response)) + "\r\n";
}

bool is_bodiless(const Response& response)
{
    return response.status == 304 || response.status == 204 || response.status < 200;
}

} // namespace nomadic::proxy
