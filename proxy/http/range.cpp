#include "proxy/http/range.hpp"

#include "proxy/http/conditional.hpp"
#include "proxy/http/field_list.hpp"

#include <algorithm>
#include <charconv>

namespace nomadic::proxy {

namespace {

// If-Range compares strongly (RFC 9110, 13.1.5): a weak tag never matches, a date only the very same.
bool still_the_same(const Fields& request, std::string_view etag, TimePoint last_modified)
{
    if (!request.has("If-Range"))
        return true;
    const auto validator = request.get("If-Range");
    return validator == etag || validator == http_date(last_modified);
}

std::optional<std::uint64_t> number_of(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

struct Asked {
    std::optional<std::uint64_t> first, last; // without a first: the `last` bytes at the end
};

// One range of bytes; anything else is not understood.
std::optional<Asked> parse(std::string_view field)
{
    const auto equals = field.find('=');
    if (equals == std::string_view::npos || !beast::iequals(trim(field.substr(0, equals)), "bytes"))
        return std::nullopt;
    const auto range = trim(field.substr(equals + 1));
    const auto dash = range.find('-');
    if (dash == std::string_view::npos)
        return std::nullopt;
    const auto first = range.substr(0, dash);
    const auto last = range.substr(dash + 1);
    const Asked asked{number_of(first), number_of(last)};
    if ((!first.empty() && !asked.first) || (!last.empty() && !asked.last) || (!asked.first && !asked.last))
        return std::nullopt;
    if (asked.first && asked.last && *asked.last < *asked.first)
        return std::nullopt;
    return asked;
}

} // namespace

Result<std::optional<ByteRange>> requested_range(const Request& request, std::string_view etag, TimePoint last_modified,
                                                 std::uint64_t size)
{
    if (request.method != "GET" || request.fields.count("Range") != 1 ||
        !still_the_same(request.fields, etag, last_modified))
        return std::optional<ByteRange>{};
    const auto asked = parse(request.fields.get("Range"));
    if (!asked)
        return std::optional<ByteRange>{};
    const auto first = asked->first ? *asked->first : size - std::min(size, *asked->last);
    if (first >= size)
        return Failure{.code = Errc::range_not_satisfiable,
                       .detail = "The representation has " + std::to_string(size) +
                                 " bytes; the range asked for begins after them. Ask without Range to get all of it.",
                       .members = {{"size", size}}};
    const auto most = size - first;
    return std::optional(
        ByteRange{first, asked->first && asked->last ? std::min(most, *asked->last - first + 1) : most});
}

std::string content_range(const ByteRange& range, std::uint64_t size)
{
    return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.first + range.length - 1) + "/" +
           std::to_string(size);
}

std::string unsatisfied_range(std::uint64_t size)
{
    return "bytes */" + std::to_string(size);
}

} // namespace nomadic::proxy
