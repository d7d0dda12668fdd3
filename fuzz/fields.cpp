// The values of header fields that we look into, a client's or the upstream's: lists, directives, dates, ranges,
// quality.

#include "proxy/http/cache_control.hpp"
#include "proxy/http/conditional.hpp"
#include "proxy/http/content_coding.hpp"
#include "proxy/http/field_lines.hpp"
#include "proxy/http/field_list.hpp"
#include "proxy/http/range.hpp"
#include "proxy/http/rfc3339.hpp"
#include "proxy/http/via.hpp"
#include "proxy/upstream/retry.hpp"

#include <cstdint>
#include <cstdlib>

using namespace nomadic;
using namespace nomadic::proxy;

namespace {

constexpr std::uint64_t size_of_body = 1000;

void check_range(const Fields& fields)
{
    Request request{.method = "GET", .target = "/", .fields = fields};
    const auto range = requested_range(request, "\"tag\"", {}, size_of_body);
    const bool beyond =
        range && *range &&
        ((*range)->first >= size_of_body || (*range)->length == 0 || (*range)->length > size_of_body - (*range)->first);
    if (beyond)
        std::abort();
}

void check_dates(std::string_view value)
{
    if (const auto time = parse_http_date(value); time && parse_http_date(http_date(*time)) != time)
        std::abort();
    if (const auto wait = parse_retry_after(value, {}); wait && wait->count() < 0)
        std::abort();
    (void)parse_rfc3339(value);
}

void check_list(std::string_view value)
{
    for_each_element(value, [value](std::string_view element) {
        if (element.empty() || trim(element) != element || !has_element(value, element))
            std::abort();
    });
}

void check_directives(const Fields& fields)
{
    const auto directives = request_directives(fields);
    for (const auto& age : {directives.max_age, directives.min_fresh, directives.max_stale})
        if (age && age->count() < 0)
            std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    // Lines as in a head; those that are none of ours are dropped.
    std::string_view text(reinterpret_cast<const char*>(data), size);
    Fields fields;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        (void)take_field(line, fields);
    }
    for (const auto& [name, value] : fields) {
        check_list(value);
        check_dates(value);
    }
    check_range(fields);
    check_directives(fields);
    (void)negotiate_coding(fields);
    (void)not_modified(fields, "\"tag\"", {});
    add_via(fields, 1);
    if (!has_been_here(fields))
        std::abort();
    return 0;
}
