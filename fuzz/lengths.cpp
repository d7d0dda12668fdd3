// What a damaged database may hold of a record's lengths; and of whatever results upstream sends, each answer is as
// long as it was said to be.

#include "batch/lengths.hpp"
#include "batch/parse.hpp"
#include "batch/render.hpp"

#include <cstdint>
#include <cstdlib>

using namespace nomadic;
using namespace nomadic::batch;

namespace {

void require(bool met)
{
    if (!met)
        std::abort();
}

// As pack() ends: FNV-1a, low byte first.
std::string with_check(std::string bytes)
{
    std::uint32_t hash = 2166136261U;
    for (const char byte : bytes)
        hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
    for (unsigned shift = 0; shift < 32; shift += 8)
        bytes += static_cast<char>(hash >> shift);
    return bytes;
}

void measure(const StatusDocument& status, const std::vector<VideoRecord>& records, const Representation& wanted)
{
    const auto renderer = make_renderer(status, wanted);
    const auto meter = make_renderer(status, wanted);
    std::string out;
    for (const auto& record : records) {
        const auto lengths = lengths_of(record);
        require(lengths && unpack(pack(*lengths)) == lengths);
        const auto before = out.size();
        renderer->video(record, out);
        require(meter->measure(*lengths) == out.size() - before);
    }
    require(meter->events() == renderer->events());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::string version(1, static_cast<char>(renderer_version));
    for (const auto& packed : {std::string(text), with_check(version + std::string(text))})
        if (const auto lengths = unpack(packed))
            require(unpack(pack(*lengths)) == lengths);
    auto status = parse_status(R"({"status":"completed"})", "b");
    const auto records =
        parse_filter_batch(*status, R"({"batch_metadata":{"query":"q, \"r\""},"results":)" + std::string(text) + "}");
    if (!records)
        return 0;
    Selection approved;
    approved.approvals.emplace().set(static_cast<std::size_t>(Approval::approved));
    for (const auto& selection : {Selection{}, approved}) {
        measure(*status, *records, {.format = Format::json, .columns = {}, .selection = selection});
        measure(*status, *records, {.format = Format::ndjson, .columns = {}, .selection = selection});
        for (const auto profile : {CsvProfile::docs, CsvProfile::sdk_0_1_64})
            measure(*status, *records, {.format = Format::csv, .columns = {profile, {}}, .selection = selection});
    }
    return 0;
}
