#include "batch/parse.hpp"
#include "batch/render.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace nomadic;
using namespace nomadic::batch;

namespace {

StatusDocument status_of(const std::string& videos, const std::string& config = "{}")
{
    auto status = parse_status(
        R"({"batch_id":"b","status":"Completed","config":)" + config + R"(,"videos":)" + videos + "}", "b");
    REQUIRE_MESSAGE(status.has_value(), (status ? "" : status.error().detail));
    return *status;
}

std::string answer(const StatusDocument& status, const std::string& analyses, const Representation& wanted = {})
{
    const auto bulk = parse_bulk(status, status.videos, R"({"analyses":)" + analyses + "}");
    REQUIRE_MESSAGE(bulk.has_value(), (bulk ? "" : bulk.error().detail));
    auto renderer = make_renderer(status, wanted);
    std::string out;
    renderer->begin(out);
    for (const auto& record : bulk->records)
        renderer->video(record, out);
    renderer->end(out);
    return out;
}

Representation only(Approval approval)
{
    Representation wanted;
    wanted.selection.approvals.emplace().set(static_cast<std::size_t>(approval));
    return wanted;
}

const std::string two_events =
    R"([{"video_id":"v","analysis_id":"a","analysis":{"events":[)"
    R"({"type":"cut-in","time":"t=1","end_time":"t=2","description":"x, y","data":{"confidence":0.5},"approval":"approved"},)"
    R"({"type":"stop","time":"t=3","end_time":"t=3","id":7,"approval":null}]}}])";

} // namespace

TEST_CASE("status: what is not the promised document is an upstream failure")
{
    for (const char* text :
         {"<html>", "[]", "{}", R"({"status":1,"videos":[]})", R"({"status":"completed","videos":["v1","v2"]})",
          R"({"batch_id":"other","status":"completed","videos":[]})"}) {
        CAPTURE(text);
        const auto status = parse_status(text, "b");
        REQUIRE(!status);
        CHECK(status.error().code == Errc::upstream_failed);
    }
    CHECK_FALSE(parse_status(R"({"status":"completed"})", "b")->lists_videos);
    CHECK(parse_status(R"({"status":"completed","videos":["v1",{"video_id":"v2"}]})", "b")->videos.size() == 1);
    CHECK(parse_status(R"({"status":"completed","videos":[]})", "b")->lists_videos);
}

TEST_CASE("status: entries without an id are skipped, a repeated id keeps its places and means its last entry")
{
    const auto status =
        status_of(R"([{"video_id":"v","status":"A"},{},null,{"video_id":"w"},{"video_id":"v","status":"B"}])");
    REQUIRE(status.videos.size() == 3);
    CHECK(status.videos[0].status == "b");
    CHECK(status.videos[2].status == "b");
    CHECK(status.completed());
}

TEST_CASE("bulk: a missing array or a video that was not asked for is an upstream failure")
{
    const auto status = status_of(R"([{"video_id":"v"}])");
    CHECK(!parse_bulk(status, status.videos, "{}"));
    CHECK(!parse_bulk(status, status.videos, R"({"analyses":{}})"));
    CHECK(!parse_bulk(status, status.videos, R"({"analyses":[{"video_id":"w","analysis":{}}]})"));
    CHECK(!parse_bulk(status, status.videos, R"({"analyses":[)"));
}

TEST_CASE("json: a video without an analysis is a placeholder, and is left out by a filter")
{
    const auto status =
        status_of(R"([{"video_id":"v","analysis_id":"p","status":"FAILED","last_error":"boom"},{"video_id":"w"}])");
    const auto whole = answer(status, R"([{"video_id":"w","analysis":{}}])");
    CHECK(
        whole.find(R"({"video_id":"v","analysis_id":"p","mode":"ask","status":"failed","events":[],"error":"boom"})") !=
        std::string::npos);
    CHECK(
        whole.find(
            R"({"video_id":"w","analysis_id":null,"mode":"ask","status":"failed","events":[],"error":"Analysis not found"})") !=
        std::string::npos);
    CHECK(answer(status, "[]", only(Approval::pending)).ends_with(R"("results":[]})"));
}

TEST_CASE("json: a stored event becomes what the clients return, and a filter counts a null approval as pending")
{
    const auto status = status_of(R"([{"video_id":"v"}])");
    const std::string first =
        R"({"t_start":"00:01","t_end":"00:02","category":"cut-in","label":"x, y","severity":"medium",)"
        R"("aiAnalysis":"","confidence":0.5,"approval":"approved"})";
    const std::string second = R"({"t_start":"00:03","t_end":"00:03","category":"stop","label":"","severity":"medium",)"
                               R"("aiAnalysis":"","confidence":0.85,"approval":null,"event_id":"7"})";
    CHECK(answer(status, two_events).find("\"events\":[" + first + "," + second + "]") != std::string::npos);
    CHECK(answer(status, two_events, only(Approval::approved)).find("\"events\":[" + first + "]") != std::string::npos);
    CHECK(answer(status, two_events, only(Approval::pending)).find("\"events\":[" + second + "]") != std::string::npos);
}

TEST_CASE("json: pairs move into the overlay, and other frame fields go")
{
    const auto status = status_of(R"([{"video_id":"v"}])", R"({"analysis_kind":"edge"})");
    const auto text =
        answer(status, R"([{"video_id":"v","analysis":{"detected_events":[{"t_start":"1","t_end":"2",)"
                       R"("frame_speed_start":" 3.5 ","frame_speed_end":"","frame_start":1,"frame_gone_end":null,)"
                       R"("unix_timestamp_start":5,"kept":1,"overlay":{"old":1}}]}}])");
    CHECK(text.find(R"({"t_start":"1","t_end":"2","kept":1,"overlay":{"old":1,"frame_speed":{"start":3.5,"end":null},)"
                    R"("unix_timestamp":{"start":5,"end":null}},"approval":"pending"})") != std::string::npos);
}

TEST_CASE("csv: fields are quoted as Python's csv module quotes them")
{
    const auto status = status_of(R"([{"video_id":"v"}])", R"({"prompt":"say \"why\"\nnow"})");
    Representation wanted;
    wanted.format = Format::csv;
    wanted.columns = *parse_columns("Query,Timestamp,Label,Confidence,Approval Status,Event ID");
    CHECK(answer(status, two_events, wanted) == "Query,Timestamp,Label,Confidence,Approval Status,Event ID\r\n"
                                                "\"say \"\"why\"\"\nnow\",00:01-00:02,\"x, y\",0.5,approved,\r\n"
                                                "\"say \"\"why\"\"\nnow\",00:03,,0.85,pending,7\r\n");
}

TEST_CASE("csv: a comma, a quote and each end of a line makes quotes, wherever it comes from; nothing else does")
{
    const auto status = status_of(R"([{"video_id":"v,1"}])");
    Representation wanted;
    wanted.format = Format::csv;
    wanted.columns =
        *parse_columns("Video ID,Timestamp,Batch ID,Label,AI Analysis,Severity,Confidence,Category,Query,Video");
    const auto answered =
        answer(status,
               R"([{"video_id":"v,1","analysis":{"events":[)"
               R"({"t_start":"0,5","t_end":1.50,"label":"a\rb","aiAnalysis":"back\\slash","severity":"\"",)"
               R"("confidence":1e16,"category":{"a":[1,"b"]}},)"
               R"({"t_end":7,"t_start":"","label":"\ttab","aiAnalysis":"a,\"b\"","severity":["x"],)"
               R"("confidence":"n","category":true}]}}])",
               wanted);
    const auto rows = answered.substr(answered.find("\r\n") + 2);
    CHECK(rows == "\"v,1\",\"0,5-1.5\",b,\"a\rb\",back\\slash,\"\"\"\",1e+16,\"{\"\"a\"\":[1,\"\"b\"\"]}\",,\"v,1\"\r\n"
                  "\"v,1\",7,b,\ttab,\"a,\"\"b\"\"\",\"[\"\"x\"\"]\",0.0,True,,\"v,1\"\r\n");
}

TEST_CASE("csv: a row is never an empty line")
{
    Representation wanted{.format = Format::csv, .columns = *parse_columns("Severity"), .selection = {}};
    CHECK(answer(status_of(R"([{"video_id":"v"}])"),
                 R"([{"video_id":"v","analysis":{"events":[{"t_start":"1","t_end":"2","severity":""}]}}])",
                 wanted) == "Severity\r\n\"\"\r\n");
}

TEST_CASE("csv: the documented profile has 17 columns, the clients' 19 and 20, and an unknown column is named")
{
    const auto status = status_of("[]");
    const auto columns = [&](const char* profile) {
        Representation wanted;
        wanted.format = Format::csv;
        wanted.columns = *parse_columns(profile);
        const auto header = answer(status, "[]", wanted);
        return std::count(header.begin(), header.end(), ',') + 1;
    };
    CHECK(columns("docs") == 17);
    CHECK(columns("sdk-0.1.53") == 19);
    CHECK(columns("sdk-0.1.64") == 20);
    const auto unknown = parse_columns("Query,Nope");
    REQUIRE(!unknown);
    CHECK(unknown.error().detail.find("'Nope'") != std::string::npos);
}

TEST_CASE("ndjson: one event a line, with where it belongs")
{
    const auto status = status_of(R"([{"video_id":"v"}])");
    Representation wanted = only(Approval::pending);
    wanted.format = Format::ndjson;
    CHECK(answer(status, two_events, wanted)
              .ends_with(R"("event_id":"7","batch_id":"b","video_id":"v","analysis_id":"a"})"
                         "\n"));
}

TEST_CASE("filter: a value that is not one of the four is named, with the four")
{
    CHECK(parse_approvals({"approved,pending", "invalid"})->count() == 3);
    for (const char* value : {"", "Approved", "approved,", "other"}) {
        CAPTURE(value);
        const auto filter = parse_approvals({value});
        REQUIRE(!filter);
        CHECK(filter.error().code == Errc::unprocessable);
        CHECK(filter.error().detail.find("approved, rejected, pending, invalid") != std::string::npos);
    }
}

TEST_CASE("filter: narrowing combines with AND, values of one member with OR")
{
    const auto status = status_of(R"([{"video_id":"v"}])");
    const auto kept = [&](const Narrowing& narrowing) {
        Representation wanted;
        wanted.selection.narrowing = narrowing;
        const auto text = answer(status, two_events, wanted);
        return std::pair{text.find("cut-in") != std::string::npos, text.find("\"stop\"") != std::string::npos};
    };
    CHECK(kept({.category = {"cut-in", "stop"}}) == std::pair{true, true});
    CHECK(kept({.category = {"Stop"}}) == std::pair{false, false});
    CHECK(kept({.min_confidence = 0.8}) == std::pair{false, true});
    CHECK(kept({.category = {"stop"}, .min_confidence = 0.9}) == std::pair{false, false});
    CHECK(kept({.q = {"X, Y"}}) == std::pair{true, false});
    CHECK(kept({.video_id = {"w"}}) == std::pair{false, false});
}

TEST_CASE("dialect B: results are kept with their own members and their events finished")
{
    auto status = status_of("[]");
    const auto records = parse_filter_batch(
        status,
        R"({"batch_metadata":{"batch_id":"b","x":1},"results":[{"video_id":"v","extra":2,"events":[{"label":"l"}]}]})");
    REQUIRE(records.has_value());
    REQUIRE(records->size() == 1);
    CHECK((*records)[0].events == R"({"label":"l","approval":"pending"})");
    CHECK((*records)[0].head == R"({"video_id":"v","extra":2,"events":[)");
    CHECK(render_metadata(status, "https://app.nomadicml.com") == R"({"batch_id":"b","x":1})");
    CHECK(!parse_filter_batch(status, R"({"results":[]})"));
}

TEST_CASE("metadata: defaults stand where the status document is silent, and nothing is invented")
{
    CHECK(
        render_metadata(status_of("[]"), "https://d/") ==
        R"({"batch_id":"b","batch_viewer_url":"https://d/use-cases/rapid-review/batch-view/b","batch_type":"unknown",)"
        R"("analysis_type":"rapid_review","review_status":null,"review_status_updated_at":"N/A","metadata":{}})");
}
