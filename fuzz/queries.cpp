// What a client may put into a URL.

#include "proxy/http/url.hpp"
#include "proxy/routes/analysis_query.hpp"

#include <cstdint>
#include <cstdlib>

using namespace nomadic;

namespace {

void check_path(std::string_view text)
{
    const auto resolved = proxy::resolve_path(text);
    if (!resolved)
        return;
    if (resolved->find('\0') != std::string::npos || (!resolved->empty() && !resolved->starts_with('/')))
        std::abort();
    for (const char* way_out : {"/../", "/./", "//"})
        if ((*resolved + "/").find(way_out) != std::string::npos)
            std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    // Equal questions have equal names, and a name is made of what was understood.
    const proxy::Request request{.method = "GET", .target = "/", .query = std::string(text)};
    const auto query = proxy::parse_analysis_query(request);
    if (query && query->representation.canonical().empty())
        std::abort();
    check_path(text);
    const auto decoded = proxy::percent_decode(proxy::percent_encode(text));
    const bool has_nul = text.find('\0') != std::string_view::npos;
    if (!has_nul && (!decoded || *decoded != text))
        std::abort();
    return 0;
}
