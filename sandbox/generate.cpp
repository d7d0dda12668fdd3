#include "sandbox/generate.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <cstdio>

namespace nomadic::sandbox {

namespace {

namespace json = boost::json;

// splitmix64: small, fast, and the same everywhere.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next()
    {
        state_ += 0x9E3779B97F4A7C15ULL;
        auto mixed = state_;
        mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
        return mixed ^ (mixed >> 31U);
    }
    std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(next() % bound); }
    template <std::size_t N>
    std::string_view pick(const std::array<std::string_view, N>& from)
    {
        return from[below(N)];
    }

private:
    std::uint64_t state_;
};

constexpr std::array<std::string_view, 24> words{"the",     "vehicle",    "approaches", "a",     "marked",  "crossing",
                                                 "while",   "pedestrian", "waits",      "near",  "kerb",    "and",
                                                 "traffic", "light",      "turns",      "amber", "cyclist", "merges",
                                                 "from",    "left lane",  "at",         "low",   "speed",   "ahead"};
constexpr std::array<std::string_view, 6> categories{"Driving Violation", "Near Miss",  "Cut-in",
                                                     "Hard Braking",      "Pedestrian", "Lane Change"};
constexpr std::array<std::string_view, 4> severities{"low", "medium", "high", "critical"};
constexpr std::array<std::string_view, 5> approvals{"approved", "rejected", "pending", "invalid", "approved"};
// Text that has broken a CSV, a shell, a terminal or a parser somewhere.
constexpr std::array<std::string_view, 10> awkward{"\"quoted\", with commas, and\r\na second line",
                                                   "=HYPERLINK(\"http://example.invalid\")",
                                                   "naïve café — 横断歩道 🚸",
                                                   "tab\there and a backslash \\ and </script>",
                                                   "  spaces around  ",
                                                   "-1+1",
                                                   "line one\nline two",
                                                   "null",
                                                   "\u202Eright to left",
                                                   "a;b|c'd`e"};

std::string sentence(Random& random, std::uint32_t count)
{
    std::string text;
    for (std::uint32_t i = 0; i < count; ++i) {
        text += i == 0 ? "" : " ";
        text += random.pick(words);
    }
    return text + ".";
}

std::string text_of(Random& random, std::uint32_t count)
{
    return random.below(12) == 0 ? std::string(random.pick(awkward)) : sentence(random, count);
}

std::string seconds_text(Random& random, std::uint32_t from)
{
    std::array<char, 32> text{};
    const int length = random.below(3) == 0
                           ? std::snprintf(text.data(), text.size(), "t=%u", from)
                           : std::snprintf(text.data(), text.size(), "t=%u.%u", from, random.below(100));
    return {text.data(), static_cast<std::size_t>(length)};
}

std::string clock_text(std::uint32_t seconds)
{
    std::array<char, 32> text{};
    const int length = std::snprintf(text.data(), text.size(), "%02u:%02u", seconds / 60, seconds % 60);
    return {text.data(), static_cast<std::size_t>(length)};
}

// As the review UI stores it.
json::object stored_event(Random& random, std::uint32_t start, std::uint32_t end, std::string id)
{
    json::object event{{"type", random.pick(categories)},
                       {"time", seconds_text(random, start)},
                       {"end_time", seconds_text(random, end)},
                       {"description", text_of(random, 8)},
                       {"severity", random.pick(severities)},
                       {"aiAnalysis", text_of(random, 40)},
                       {"event_id", std::move(id)}};
    json::object data{{"confidence", 0.5 + random.below(50) / 100.0}};
    switch (random.below(6)) {
    case 0:
        data["frame_gps_lat_start"] = 37.0 + random.below(1000) / 1000.0;
        data["frame_gps_lat_end"] = 37.0 + random.below(1000) / 1000.0;
        data["frame_gps_lon_start"] = std::to_string(-122.0 - random.below(1000) / 1000.0);
        data["frame_gps_lon_end"] = random.below(2) == 0 ? json::value("") : json::value(-122.5);
        break;
    case 1:
        event["unix_timestamp_start"] = 1'758'310'000 + start;
        event["unix_timestamp_end"] = std::to_string(1'758'310'000 + end);
        break;
    case 2:
        data["annotated_thumbnail_url"] = "/thumb.jpg?X-Goog-Expires=900&n=" + std::to_string(random.below(1000));
        break;
    case 3:
        event["severity"] = nullptr;
        break;
    default:
        break;
    }
    event["data"] = std::move(data);
    return event;
}

json::object normal_event(Random& random, std::uint32_t start, std::uint32_t end, std::string id)
{
    return {{"t_start", clock_text(start)},
            {"t_end", clock_text(end)},
            {"category", random.pick(categories)},
            {"label", text_of(random, 6)},
            {"severity", random.pick(severities)},
            {"aiAnalysis", text_of(random, 40)},
            {"confidence", std::to_string(random.below(100) / 100.0)},
            {"event_id", std::move(id)}};
}

json::object legacy_event(Random& random, std::uint32_t start, std::uint32_t end)
{
    switch (random.below(3)) {
    case 0:
        return {{"label", text_of(random, 6)}, {"start_time", clock_text(start)}, {"end_time", clock_text(end)}};
    case 1:
        return {{"description", text_of(random, 6)},
                {"refined_events", "[[" + std::to_string(start) + ", " + std::to_string(end) + ", 0.9], [1.5, 2.25]]"}};
    default:
        return {{"description", text_of(random, 6)},
                {"time", seconds_text(random, start)},
                {"end_time", seconds_text(random, end)}};
    }
}

json::object event_of(Random& random, Kind kind, std::string id)
{
    const auto start = random.below(3000);
    const auto end = start + random.below(40);
    const auto form = random.below(10);
    if (kind == Kind::agent && form < 2)
        return legacy_event(random, start, end);
    if (form < 4 && kind != Kind::segmentation)
        return normal_event(random, start, end, std::move(id));
    return stored_event(random, start, end, std::move(id));
}

std::string_view events_name(Random& random, Kind kind)
{
    constexpr std::array<std::string_view, 5> agent_names{"detected_events", "detectedEvents", "edge_case_events",
                                                          "edgeCaseEvents", "events"};
    return kind == Kind::agent ? random.pick(agent_names) : "events";
}

std::uint64_t seed_of(std::uint64_t seed, const Plan& plan, std::uint32_t video)
{
    return seed * 1'000'003 + plan.variant * 7919ULL + video * 104'729ULL + static_cast<std::uint64_t>(plan.kind);
}

bool is_lost(const Plan& plan, std::uint32_t video)
{
    return plan.videos > 10 && video % 41 == 40;
}

std::string analysis_id(const Plan& plan, std::uint32_t video)
{
    return "an-" + plan.video_id(video);
}

} // namespace

json::object Generator::status(const Plan& plan, std::string_view batch_status, const Review& review) const
{
    json::object config{{"analysis_kind", plan.kind == Kind::ask ? "rapid_review" : "agent"}};
    if (plan.kind == Kind::ask) {
        config["prompt"] = "Find risky \"moments\", please";
        config["category"] = "driving";
        config["is_thumbnail"] = false;
    }
    if (plan.kind == Kind::segmentation)
        config["custom_workflow_name"] = "robotic-action-segmentation";
    const bool completed = batch_status == "completed";
    json::array videos;
    for (std::uint32_t video = 0; video < plan.videos; ++video) {
        json::object entry{{"video_id", plan.video_id(video)}, {"status", completed ? "completed" : "processing"}};
        if (is_lost(plan, video)) {
            entry["status"] = "FAILED";
            entry["last_error"] = "The model gave up on this video";
        } else {
            entry["analysis_id"] = analysis_id(plan, video);
        }
        videos.push_back(std::move(entry));
    }
    return {
        {"batch_id", plan.batch_id},
        {"status", batch_status},
        {"created_at", "2026-01-15T09:30:00Z"},
        {"aggregated_progress",
         {{"total", plan.videos}, {"completed", completed ? plan.videos : plan.videos / 2}, {"failed", 0}}},
        {"config", std::move(config)},
        {"videos", std::move(videos)},
        {"review_status", review.review_status.empty() ? json::value("in_review") : json::value(review.review_status)},
        {"review_status_updated_at", nullptr},
        {"metadata", review.metadata}};
}

std::optional<json::object> Generator::item(const Plan& plan, std::uint32_t video, const Review& review) const
{
    if (is_lost(plan, video))
        return std::nullopt;
    Random random(seed_of(seed, plan, video));
    json::array events;
    for (std::uint32_t i = 0; i < plan.events_of(video); ++i) {
        auto event = event_of(random, plan.kind, plan.video_id(video) + "/" + std::to_string(i));
        const auto approval = random.below(7);
        if (approval < approvals.size())
            event["approval"] = approvals[approval];
        else if (approval == approvals.size())
            event["approval"] = nullptr;
        if (const auto changed = review.approvals.find({video, i}); changed != review.approvals.end())
            event["approval"] = changed->second;
        if (auto* data = event.if_contains("data"); data != nullptr && data->is_object())
            if (auto* url = data->get_object().if_contains("annotated_thumbnail_url"); url != nullptr)
                *url = thumbnail_base + std::string(url->as_string());
        events.push_back(std::move(event));
    }
    json::object analysis{{"status", "completed"}, {events_name(random, plan.kind), std::move(events)}};
    if (plan.kind == Kind::ask)
        analysis["answer"] = text_of(random, 30);
    json::object item{{"video_id", plan.video_id(video)},
                      {"analysis_id", analysis_id(plan, video)},
                      {"analysis", std::move(analysis)},
                      {"filename", "drive " + std::to_string(video) + ".mp4"}};
    if (random.below(2) == 0)
        item["import_source_uri"] = "gs://fleet-recordings/2026/" + plan.video_id(video) + ".mp4";
    return item;
}

} // namespace nomadic::sandbox
