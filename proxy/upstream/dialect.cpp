#include "proxy/upstream/dialect.hpp"

#include "proxy/http/url.hpp"

#include <boost/json.hpp>

namespace nomadic::proxy {

namespace {

namespace json = boost::json;

SmallRequest post(std::string target, const json::value& body)
{
    SmallRequest request{.method = "POST", .target = std::move(target), .fields = {}, .body = json::serialize(body)};
    request.fields.add("Content-Type", "application/json");
    return request;
}

std::string batch_path(std::string_view batch_id)
{
    return "/api/batch/" + percent_encode(batch_id);
}

// FastAPI's validation errors: [{"loc": ["body", "video_ids"], "msg": "..."}].
std::string messages_of(const json::array& errors)
{
    std::string all;
    for (const auto& error : errors) {
        const auto* object = error.if_object();
        const auto* message = object == nullptr ? nullptr : object->if_contains("msg");
        if (message == nullptr || !message->is_string())
            continue;
        all += all.empty() ? "" : "; ";
        if (const auto* place = object->if_contains("loc"))
            all += json::serialize(*place) + ": ";
        all += std::string_view(message->get_string());
    }
    return all;
}

} // namespace

SmallRequest status_request(std::string_view batch_id, Videos videos)
{
    const auto* query = videos == Videos::asked_for ? "?include_videos=true" : "";
    return {.method = "GET", .target = batch_path(batch_id) + "/status" + query, .fields = {}, .body = {}};
}

SmallRequest bulk::request(std::string_view batch_id, std::span<const batch::VideoPointer> asked)
{
    json::array ids;
    for (const auto& pointer : asked)
        ids.emplace_back(pointer.video_id);
    return post(batch_path(batch_id) + "/analyses/bulk?include_source_uri=true", {{"video_ids", std::move(ids)}});
}

SmallRequest filter_batch::request(std::string_view batch_id)
{
    return post(batch_path(batch_id) + "/filter_batch", {{"filter", nullptr}});
}

std::string message_of(std::string_view body)
{
    boost::system::error_code error;
    const auto document = json::parse(body, error);
    const auto* object = error ? nullptr : document.if_object();
    if (object == nullptr)
        return {};
    for (const char* name : {"detail", "message", "error"}) {
        const auto* member = object->if_contains(name);
        if (member == nullptr)
            continue;
        if (const auto* text = member->if_string(); text != nullptr && !text->empty())
            return std::string(*text);
        if (const auto* list = member->if_array(); list != nullptr && !list->empty())
            return messages_of(*list);
    }
    return {};
}

} // namespace nomadic::proxy
