// What an upstream may put on the wire before a body: the head of its answer.

#include "proxy/http/field_lines.hpp"
#include "proxy/http/response_head.hpp"

#include <cstdint>
#include <cstdlib>

using namespace nomadic::proxy;

namespace {

std::string written(const ResponseHead& head)
{
    auto text =
        "HTTP/1." + std::to_string(head.minor_version) + " " + std::to_string(head.status) + " " + head.reason + "\r\n";
    for (const auto& [name, value] : head.fields)
        text += name + ": " + value + "\r\n";
    return text + "\r\n";
}

// Two readers would have to agree on where it ends.
void check(const ResponseHead& head, std::string_view method)
{
    const bool chunked = head.body == ResponseHead::Body::chunked;
    const bool bodiless = method == "HEAD" || head.informational() || head.status == 204 || head.status == 304;
    if (chunked && (head.content_length || head.minor_version == 0 || head.fields.count("Transfer-Encoding") != 1))
        std::abort();
    if (bodiless != (head.body == ResponseHead::Body::none))
        std::abort();
    if (head.body == ResponseHead::Body::until_close && head.keep_alive)
        std::abort();
    for (const auto& [name, value] : head.fields)
        if (!is_token(name) || !is_field_value(value))
            std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto length = head_length(text);
    if (!length)
        return 0;
    for (const char* method : {"GET", "HEAD"}) {
        const auto head = parse_response_head(text.substr(0, *length), method);
        if (!head)
            continue;
        check(*head, method);
        // What is passed on must mean what was understood.
        const auto again = parse_response_head(written(*head), method);
        if (!again || written(*again) != written(*head) || again->body != head->body ||
            again->content_length != head->content_length || again->keep_alive != head->keep_alive)
            std::abort();
    }
    return 0;
}
