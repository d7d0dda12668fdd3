#include "proxy/http/cache_control.hpp"

#include "proxy/http/field_list.hpp"

#include <algorithm>
#include <charconv>

namespace nomadic::proxy {

namespace {

using std::chrono::seconds;

std::optional<seconds> delta_seconds(std::string_view text)
{
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
        text = text.substr(1, text.size() - 2);
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error == std::errc::result_out_of_range)
        return seconds(UINT32_MAX); // RFC 9111, 1.2.2: too large to say is as large as can be said
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return seconds(count);
}

void take(std::string_view name, std::string_view value, cache::Directives& directives)
{
    const auto is = [name](std::string_view wanted) { return beast::iequals(name, wanted); };
    if (is("no-cache"))
        directives.no_cache = true;
    else if (is("no-store"))
        directives.no_store = true;
    else if (is("only-if-cached"))
        directives.only_if_cached = true;
    else if (is("max-age"))
        directives.max_age = delta_seconds(value);
    else if (is("min-fresh"))
        directives.min_fresh = delta_seconds(value);
    else if (is("max-stale"))
        directives.max_stale = value.empty() ? std::optional(seconds::max()) : delta_seconds(value);
}

} // namespace

cache::Directives request_directives(const Fields& fields)
{
    cache::Directives directives;
    const auto all = fields.joined("Cache-Control");
    for_each_element(all, [&](std::string_view element) {
        const auto equals = std::min(element.find('='), element.size());
        take(element.substr(0, equals), element.substr(std::min(equals + 1, element.size())), directives);
    });
    if (all.empty() && beast::iequals(fields.get("Pragma"), "no-cache"))
        directives.no_cache = true;
    return directives;
}

} // namespace nomadic::proxy
