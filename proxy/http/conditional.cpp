#include "proxy/http/conditional.hpp"

#include <algorithm>
#include <array>
#include <ctime>

namespace nomadic::proxy {

namespace {

constexpr const char* imf_fixdate = "%a, %d %b %Y %H:%M:%S GMT";
constexpr const char* rfc850_date = "%a, %d-%b-%y %H:%M:%S GMT";
constexpr const char* asctime_date = "%a %b %e %H:%M:%S %Y";

// Weak comparison (RFC 9110, 8.8.3.2), over the list of RFC 9110, 13.1.2.
bool any_matches(std::string_view list, std::string_view etag)
{
    while (!list.empty()) {
        list.remove_prefix(std::min(list.find_first_not_of(" \t,"), list.size()));
        if (list.starts_with('*'))
            return true;
        if (list.starts_with("W/"))
            list.remove_prefix(2);
        const auto end = list.find('"', 1);
        if (!list.starts_with('"') || end == std::string_view::npos)
            return false;
        if (list.substr(0, end + 1) == etag)
            return true;
        list.remove_prefix(end + 1);
    }
    return false;
}

} // namespace

std::string http_date(TimePoint time)
{
    const auto seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), imf_fixdate, &parts)};
}

std::optional<TimePoint> parse_http_date(std::string_view text)
{
    const std::string copy(text);
    std::tm parts{};
    const char* end = nullptr;
    for (const auto* form : {imf_fixdate, rfc850_date, asctime_date}) {
        parts = {};
        end = ::strptime(copy.c_str(), form, &parts);
        if (end != nullptr)
            break;
    }
    // Beyond these years a TimePoint, which counts nanoseconds, overflows.
    constexpr int base_year = 1900, first_year = 1970, last_year = 2261;
    const int year = base_year + parts.tm_year;
    if (end == nullptr || *end != '\0' || year < first_year || year > last_year)
        return std::nullopt;
    return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

bool not_modified(const Fields& request, std::string_view etag, TimePoint last_modified)
{
    if (request.has("If-None-Match"))
        return any_matches(request.joined("If-None-Match"), etag);
    const auto since = parse_http_date(request.get("If-Modified-Since"));
    return since && std::chrono::floor<std::chrono::seconds>(last_modified) <= *since;
}

} // namespace nomadic::proxy
