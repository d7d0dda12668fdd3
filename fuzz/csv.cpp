// Whatever texts an event holds, its CSV reads back as those texts, and is as long as it was said to be.

#include "batch/json/write.hpp"
#include "batch/lengths.hpp"
#include "batch/parse.hpp"
#include "batch/render.hpp"
#include "fuzz/rfc4180.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>

using namespace nomadic;
using namespace nomadic::batch;

namespace {

// Texts are separated by a byte that no UTF-8 has.
std::array<std::string_view, 6> texts_of(std::string_view input)
{
    std::array<std::string_view, 6> texts;
    for (auto& text : texts) {
        text = input.substr(0, input.find('\xff'));
        input.remove_prefix(std::min(text.size() + 1, input.size()));
    }
    return texts;
}

std::string quoted(std::string_view text)
{
    std::string out;
    json::write_string(text, out);
    return out;
}

std::string render(const StatusDocument& status, const std::vector<VideoRecord>& records, const CsvColumns& columns)
{
    const Representation representation{.format = Format::csv, .columns = columns, .selection = {}};
    const auto renderer = make_renderer(status, representation);
    const auto meter = make_renderer(status, representation);
    std::string out;
    renderer->begin(out);
    for (const auto& record : records) {
        const auto before = out.size();
        renderer->video(record, out);
        const auto told = meter->measure(lengths_of(record).value());
        if (told ? *told != out.size() - before : columns.names.size() != 1)
            std::abort();
    }
    renderer->end(out);
    return out;
}

void expect(const std::string& csv, const std::vector<std::string>& cells)
{
    const auto rows = fuzz::read_csv(csv);
    if (!rows || rows->size() != 2 || rows->front().size() != cells.size() || rows->back() != cells)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto [prompt, name, category, label, analysis, severity] =
        texts_of({reinterpret_cast<const char*>(data), size});
    const auto status = parse_status(R"({"status":"completed","config":{"analysis_kind":"rapid_review","prompt":)" +
                                         quoted(prompt) + R"(},"videos":[{"video_id":"v"}]})",
                                     "b");
    if (!status)
        return 0; // not UTF-8
    const auto answer = parse_bulk(*status, status->videos,
                                   R"({"analyses":[{"video_id":"v","filename":)" + quoted(name) +
                                       R"(,"analysis":{"events":[{"t_start":"1","t_end":"1","category":)" +
                                       quoted(category) + R"(,"label":)" + quoted(label) + R"(,"aiAnalysis":)" +
                                       quoted(analysis) + R"(,"severity":)" + quoted(severity) + "}]}}]}");
    if (!answer)
        return 0;
    const std::string shown(label == category ? std::string_view{} : label);
    const std::string video(name.empty() ? std::string_view("v") : name);
    expect(
        render(*status, answer->records,
               {CsvProfile::custom, {"Query", "Video", "Category", "Label", "AI Analysis", "Severity", "Timestamp"}}),
        {std::string(prompt), video, std::string(category), shown, std::string(analysis), std::string(severity), "1"});
    expect(render(*status, answer->records, {CsvProfile::custom, {"AI Analysis"}}), {std::string(analysis)});
    return 0;
}
