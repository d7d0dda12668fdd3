#include "batch/thumbnails.hpp"

#include <doctest/doctest.h>

using namespace nomadic::batch;

namespace {

VideoRecord record_of(std::vector<std::string> events)
{
    VideoRecord record;
    for (const auto& event : events) {
        record.spans.push_back({static_cast<std::uint32_t>(record.events.size()),
                                static_cast<std::uint32_t>(event.size()), Approval::pending});
        record.events += event;
    }
    return record;
}

} // namespace

TEST_CASE("thumbnails: an event's own and its data's are found; nothing else that is called so")
{
    const auto record =
        record_of({R"({"annotated_thumbnail_url":"https://a"})", R"({"label":"annotated_thumbnail_url"})",
                   R"({"data":{"annotated_thumbnail_url":"https://b"}})",
                   R"({"annotated_thumbnail_url":null,"x":{"annotated_thumbnail_url":"https://c"}})"});
    std::vector<std::string> urls;
    for_each_thumbnail(record, [&](std::string_view url) { urls.emplace_back(url); });
    CHECK(urls == std::vector<std::string>{"https://a", "https://b"});
}

TEST_CASE("thumbnails: those that have a substitute are replaced, and every event stays where its span says")
{
    const auto record =
        record_of({R"({"a":1})",
                   R"({"annotated_thumbnail_url":"https://a","data":{"annotated_thumbnail_url":"https://b"},"z":1})",
                   R"({"annotated_thumbnail_url":"https://other"})"});
    const auto changed = with_thumbnails(record, [](std::string_view url) {
        return url == "https://other" ? std::string{} : "/local/" + std::string(url.substr(8)) + "\"";
    });
    CHECK(changed.event(0) == R"({"a":1})");
    CHECK(changed.event(1) ==
          R"({"annotated_thumbnail_url":"/local/a\"","data":{"annotated_thumbnail_url":"/local/b\""},"z":1})");
    CHECK(changed.event(2) == R"({"annotated_thumbnail_url":"https://other"})");
    CHECK(thumbnail_id("https://a?X-Goog-Signature=1") == thumbnail_id("https://a?X-Goog-Signature=2"));
    CHECK(thumbnail_id("https://a") != thumbnail_id("https://b"));
}
