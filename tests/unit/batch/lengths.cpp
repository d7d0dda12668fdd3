// What is told of an answer's length before it is rendered is the length it has then.

#include "batch/lengths.hpp"
#include "batch/parse.hpp"
#include "batch/render.hpp"
#include "results.hpp"

#include <random>

using namespace nomadic;
using namespace nomadic::batch;

namespace {

struct TestedBatch {
    StatusDocument status;
    std::vector<VideoRecord> records;
};

// Values that are hard to write, or to count.
const std::vector<std::string> nasty{
    R"("")",
    R"("plain")",
    R"("a, b")",
    R"("say \"so\"")",
    R"("a\r\nb")",
    R"("\n")",
    R"("größer — 長い 🎥")",
    R"("\u0001\\")",
    R"("\ud800")",
    "null",
    "true",
    "0",
    "-0.0",
    "0.85",
    "1e400",
    "-Infinity",
    "NaN",
    "1e-7",
    "123456789012345678901234567890",
    "[]",
    "{}",
    R"({"a":[1,"x, \"y\"",null]})",
    R"(["t=1"])",
    R"("approved")",
    R"("1.50")",
    R"("t=61.5")",
};

const std::vector<std::string> members{
    "t_start",
    "t_end",
    "time",
    "end_time",
    "start_time",
    "category",
    "type",
    "description",
    "label",
    "aiAnalysis",
    "severity",
    "confidence",
    "event_id",
    "id",
    "annotated_thumbnail_url",
    "unix_timestamp_start",
    "unix_timestamp_end",
    "frame_timestamp_start",
    "overlay",
    "unknown",
};

class Generator {
public:
    std::string value() { return nasty[random_() % nasty.size()]; }
    std::string approval()
    {
        static const std::vector<std::string> approvals{
            R"("approved")", R"("rejected")", R"("pending")", R"("invalid")", R"("else, \"x\"")", "null", "7"};
        return approvals[random_() % approvals.size()];
    }
    std::string event()
    {
        std::string text = R"({"approval":)" + approval();
        for (const auto& member : members)
            if (random_() % 2 == 0)
                text += ",\"" + member + "\":" + value();
        if (random_() % 3 == 0)
            text += R"(,"data":{"label":)" + value() + R"(,"t_end":)" + value() + R"(,"aiAnalysis":)" + value() +
                    R"(,"event_id":)" + value() + "}";
        if (random_() % 3 == 0)
            text += R"(,"t_start":"00:01","t_end":"00:05")";
        return text + "}";
    }
    std::string events()
    {
        std::string text = "[";
        for (auto left = random_() % 7; left != 0; --left)
            text += event() + (left == 1 ? "" : ",");
        return text + "]";
    }
    std::size_t below(std::size_t limit) { return random_() % limit; }

private:
    std::mt19937_64 random_{5};
};

TestedBatch generated(Generator& random)
{
    std::string videos, analyses;
    for (const auto* id : {"v1", "v,2", "v\\\"3", "v4", "v5"}) {
        videos += std::string(videos.empty() ? "" : ",") + R"({"video_id":")" + id + R"(","analysis_id":)" +
                  random.value() + R"(,"last_error":)" + random.value() + "}";
        if (random.below(5) != 0)
            analyses += std::string(analyses.empty() ? "" : ",") + R"({"video_id":")" + id + R"(","analysis_id":)" +
                        random.value() + R"(,"filename":)" + random.value() + R"(,"import_source_uri":)" +
                        random.value() + R"(,"analysis":{"summary":)" + random.value() + R"(,"status":)" +
                        random.value() + R"(,"events":)" + random.events() + "}}";
    }
    videos += R"(,{"video_id":"v1"})"; // a repeat
    const std::string kind = random.below(2) == 0 ? R"("rapid_review")" : R"("agent")";
    auto status =
        parse_status(R"({"batch_id":"b","status":"completed","config":{"analysis_kind":)" + kind + R"(,"prompt":)" +
                         random.value() + R"(,"query":)" + random.value() + R"(},"videos":[)" + videos + "]}",
                     "b");
    REQUIRE(status);
    auto bulk = parse_bulk(*status, status->videos, R"({"analyses":[)" + analyses + "]}");
    REQUIRE(bulk);
    return {std::move(*status), std::move(bulk->records)};
}

// Dialect B: results have their own members, a query among them.
TestedBatch generated_results(Generator& random)
{
    auto status = parse_status(R"({"batch_id":"b","status":"completed"})", "b");
    REQUIRE(status);
    std::string results;
    for (int video = 0; video < 4; ++video)
        results += std::string(video == 0 ? "" : ",") + R"({"video_id":"v)" + std::to_string(video) + R"(","query":)" +
                   random.value() + R"(,"video_name":)" + random.value() + R"(,"events":)" + random.events() +
                   R"(,"summary":)" + random.value() + R"(,"analysis_id":)" + random.value() + "}";
    auto records = parse_filter_batch(*status, R"({"batch_metadata":{"batch_id":"b","query":)" + random.value() +
                                                   R"(},"results":[)" + results + "]}");
    REQUIRE_MESSAGE(records.has_value(), (records ? "" : records.error().detail));
    return {std::move(*status), std::move(*records)};
}

// As a store gives it: the events that are wanted, and no video without one unless everything is.
std::optional<VideoRecord> selected(VideoRecord record, const Selection& selection)
{
    std::erase_if(record.spans, [&](const auto& span) { return !selection.wants(span.approval); });
    if (record.spans.empty() && !selection.everything())
        return std::nullopt;
    return record;
}

void check(const TestedBatch& batch, const Representation& wanted)
{
    CAPTURE(wanted.canonical());
    auto applied = wanted;
    applied.selection = wanted.selection.applied();
    const auto held = make_renderer(batch.status, wanted), stored = make_renderer(batch.status, applied),
               measured = make_renderer(batch.status, wanted);
    std::string from_held, from_store;
    for (const auto& record : batch.records) {
        const auto before = from_held.size();
        held->video(record, from_held);
        if (const auto read = selected(record, wanted.selection))
            stored->video(*read, from_store);
        const auto lengths = lengths_of(record);
        REQUIRE(lengths.has_value());
        CAPTURE(record.head + record.events + record.tail);
        REQUIRE(measured->measure(*lengths) == from_held.size() - before);
    }
    CHECK(from_held == from_store);
    CHECK(measured->events() == held->events());
}

std::vector<Selection> selections()
{
    std::vector<Selection> all(1);
    for (unsigned approvals = 0; approvals < 1U << approval_count; approvals += 3)
        all.emplace_back().approvals = approvals;
    return all;
}

std::vector<Representation> tellable()
{
    std::vector<Representation> all;
    all.push_back({.format = Format::json, .columns = {}, .selection = {}});
    all.push_back({.format = Format::ndjson, .columns = {}, .selection = {}});
    for (const auto* columns : {"docs", "sdk-0.1.53", "sdk-0.1.64", "Query,Batch ID", "Label,Label", "Video,Timestamp",
                                "Summary,Query,Event ID,Query,Batch Viewer URL"})
        all.push_back({.format = Format::csv, .columns = *parse_columns(columns), .selection = {}});
    return all;
}

void check_all(const TestedBatch& batch)
{
    for (auto wanted : tellable())
        for (const auto& selection : selections()) {
            wanted.selection = selection;
            check(batch, wanted);
        }
}

RecordLengths some_lengths()
{
    Generator random;
    const auto lengths = lengths_of(generated(random).records.at(1));
    REQUIRE(lengths.has_value());
    return *lengths;
}

} // namespace

TEST_CASE("lengths: what is measured is what is rendered, whatever the records hold")
{
    Generator random;
    for (int i = 0; i < 12; ++i) {
        check_all(generated(random));
        check_all(generated_results(random));
    }
}

TEST_CASE("lengths: they are not told where the rows depend on more than the approvals")
{
    const auto lengths = some_lengths();
    auto status = parse_status(R"({"status":"completed","config":{"custom_workflow_name":)"
                               R"("robotic-action-segmentation"},"videos":[]})",
                               "b");
    REQUIRE(status);
    const auto told = [&](const Representation& wanted) {
        return make_renderer(*status, wanted)->measure(lengths).has_value();
    };
    for (auto wanted : tellable()) {
        CAPTURE(wanted.canonical());
        CHECK(told(wanted) == (wanted.columns.profile != CsvProfile::sdk_0_1_53));
        auto narrowed = wanted;
        narrowed.selection.narrowing.video_id = {"v"};
        CHECK_FALSE(told(narrowed));
        auto pictures = wanted;
        pictures.thumbnails = {"http://here/", std::make_shared<const std::vector<Digest>>()};
        CHECK_FALSE(told(pictures));
    }
    CHECK_FALSE(told({.format = Format::geojson, .columns = {}, .selection = {}}));
    CHECK_FALSE(told({.format = Format::facets, .columns = {}, .selection = {}}));
    CHECK_FALSE(told({.format = Format::csv, .columns = *parse_columns("Label"), .selection = {}}));
}

TEST_CASE("lengths: what is no JSON has none")
{
    VideoRecord record{
        .video_id = "v", .source = {}, .head = R"({"events":[)", .tail = "]}", .events = "{}x", .spans = {{0, 2, {}}}};
    CHECK(lengths_of(record).has_value());
    record.spans.push_back({2, 1, {}});
    CHECK_FALSE(lengths_of(record).has_value());
    record.spans.clear();
    record.tail = "]";
    CHECK_FALSE(lengths_of(record).has_value());
}

TEST_CASE("lengths: their packed form gives them back, and nothing else does")
{
    Generator random;
    for (int i = 0; i < 50; ++i)
        for (const auto& record : generated(random).records)
            CHECK(unpack(pack(*lengths_of(record))) == lengths_of(record));
    auto largest = some_lengths();
    largest.around = ~std::uint64_t{0};
    CHECK(unpack(pack(largest)) == largest);
    CHECK(unpack(pack(RecordLengths{})) == RecordLengths{});

    const auto packed = pack(some_lengths());
    for (std::size_t size = 0; size < packed.size(); ++size)
        CHECK_FALSE(unpack(packed.substr(0, size)).has_value());
    for (std::size_t at = 0; at < packed.size(); ++at)
        for (const int bit : {0, 7}) {
            auto damaged = packed;
            damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
            CHECK_FALSE(unpack(damaged).has_value());
        }
    CHECK_FALSE(unpack(packed + '\0').has_value());
}
