// Whatever the upstream sends: it parses or fails, and what parsed renders in every format.

#include "batch/parse.hpp"
#include "batch/render.hpp"
#include "fuzz/rfc4180.hpp"

#include <cstdint>
#include <cstdlib>

using namespace nomadic::batch;

namespace {

// The header and a row for each event, all as wide.
void check_table(std::string_view csv, std::uint64_t events)
{
    const auto rows = nomadic::fuzz::read_csv(csv);
    if (!rows || rows->size() != events + 1)
        std::abort();
    for (const auto& row : *rows)
        if (row.size() != rows->front().size())
            std::abort();
}

void render_all(const StatusDocument& status, const std::vector<VideoRecord>& records)
{
    for (const auto format : {Format::json, Format::csv, Format::ndjson, Format::geojson, Format::facets}) {
        Representation representation{.format = format, .columns = {}, .selection = {}};
        auto renderer = make_renderer(status, representation);
        std::string out;
        renderer->begin(out);
        for (const auto& record : records)
            renderer->video(record, out);
        renderer->end(out);
        if (format == Format::csv)
            check_table(out, renderer->events());
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    // The first line is the status document, the rest the answer to the bulk request.
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto line = text.find('\n');
    auto status = parse_status(std::string(text.substr(0, line)), "b");
    if (!status)
        return 0;
    const auto body = line == std::string_view::npos ? std::string_view{} : text.substr(line + 1);
    if (const auto answer = parse_bulk(*status, status->videos, body))
        render_all(*status, answer->records);
    if (const auto records = parse_filter_batch(*status, body))
        render_all(*status, *records);
    return 0;
}
