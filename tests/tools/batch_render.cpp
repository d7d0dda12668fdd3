// Renders a batch from the documents upstream sent, for comparison with the official clients.
// Reads lines of JSON from standard input: {"status": TEXT, "bulk": TEXT, "format", "columns", "filter": [..]?} and
// writes for each a line {"output": TEXT} or {"failure": TEXT}.

#include "batch/parse.hpp"
#include "batch/render.hpp"

#include <boost/json.hpp>

#include <iostream>

using namespace nomadic;
using namespace nomadic::batch;

namespace {

Result<Representation> representation_of(const boost::json::object& job)
{
    Representation wanted;
    const std::string_view format = job.at("format").as_string();
    wanted.format = format == "csv" ? Format::csv : format == "ndjson" ? Format::ndjson : Format::json;
    if (const auto* columns = job.if_contains("columns")) {
        auto parsed = parse_columns(columns->as_string());
        if (!parsed)
            return parsed.error();
        wanted.columns = *parsed;
    }
    if (const auto* filter = job.if_contains("filter"); filter != nullptr && filter->is_array()) {
        std::vector<std::string> values;
        for (const auto& value : filter->get_array())
            values.emplace_back(value.as_string());
        auto parsed = parse_approvals(values);
        if (!parsed)
            return parsed.error();
        wanted.selection.approvals = *parsed;
    }
    return wanted;
}

Result<std::string> render(const boost::json::object& job)
{
    auto status = parse_status(std::string(job.at("status").as_string()), job.at("batch_id").as_string());
    if (!status)
        return status.error();
    auto wanted = representation_of(job);
    if (!wanted)
        return wanted.error();
    auto answer = parse_bulk(*status, status->videos, job.at("bulk").as_string());
    if (!answer)
        return answer.error();
    auto renderer = make_renderer(*status, *wanted);
    std::string out;
    renderer->begin(out);
    for (const auto& record : answer->records)
        renderer->video(record, out);
    renderer->end(out);
    return out;
}

} // namespace

int main()
{
    std::string line;
    while (std::getline(std::cin, line)) {
        auto rendered = render(boost::json::parse(line).as_object());
        boost::json::object answer;
        if (rendered)
            answer["output"] = *rendered;
        else
            answer["failure"] = rendered.error().detail;
        std::cout << boost::json::serialize(answer) << '\n';
    }
}
