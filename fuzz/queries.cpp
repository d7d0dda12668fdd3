// What a client may put into a URL.

#include "batch/filter.hpp"
#include "batch/render.hpp"
#include "proxy/http/rfc3339.hpp"
#include "proxy/http/url.hpp"

#include <cstdint>
#include <cstdlib>

using namespace nomadic;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto query = proxy::parse_query(text))
        for (const auto& [name, value] : *query) {
            (void)batch::parse_approvals({value});
            (void)batch::parse_columns(value);
            (void)proxy::parse_rfc3339(value);
        }
    const auto decoded = proxy::percent_decode(proxy::percent_encode(text));
    const bool has_nul = text.find('\0') != std::string_view::npos;
    if (!has_nul && (!decoded || *decoded != text))
        std::abort();
    return 0;
}
