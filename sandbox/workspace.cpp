#include "sandbox/workspace.hpp"

#include "proxy/http/url.hpp"

#include <boost/json.hpp>

namespace nomadic::sandbox {

using proxy::PathParameters;
using proxy::Request;
namespace json = boost::json;

struct Workspace::Call {
    Request& request;
    std::string user;
    std::string named; // by the last parameter of the path
};

namespace {

proxy::Response answer(unsigned status, const json::value& document)
{
    proxy::Response response{.status = status};
    response.fields.add("Content-Type", "application/json");
    response.body = json::serialize(document);
    return response;
}

proxy::awaitable<json::object> object_in(Request& request)
{
    constexpr std::uint64_t most = 1024 * 1024;
    auto body = co_await proxy::read_body(*request.body, most);
    boost::system::error_code failed;
    auto document = json::parse(body ? *body : std::string{}, failed);
    co_return !failed && document.is_object() ? document.get_object() : json::object{};
}

std::string text_of(const json::object& object, std::string_view name)
{
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

std::string parameter(const Request& request, std::string_view wanted)
{
    if (const auto query = proxy::parse_query(request.query))
        for (const auto& [name, value] : *query)
            if (name == wanted)
                return value;
    return {};
}

} // namespace

void Workspace::add_to(proxy::Router& router, UserOf user_of)
{
    const auto add = [&](std::string_view method, std::string_view pattern, Member member) {
        auto handler = [this, user_of, member](Request& request, PathParameters parameters) -> Outcome {
            Call call{request, user_of(request), parameters.empty() ? "" : std::move(parameters.back())};
            if (call.user.empty())
                co_return answer(401, json::object{{"detail", "Invalid API key"}});
            co_return co_await (this->*member)(std::move(call));
        };
        router.add(method, pattern, std::move(handler));
    };
    add("POST", "/api/upload-video", &Workspace::upload);
    add("GET", "/api/my-videos", &Workspace::list_videos);
    add("GET", "/api/video/{video_id}/status", &Workspace::video_status);
    add("DELETE", "/api/video/{video_id}", &Workspace::delete_video);
    add("POST", "/api/video/{video_id}/signed-url", &Workspace::signed_url);
    add("POST", "/api/folders", &Workspace::create_folder);
    add("POST", "/api/folders/create-or-get", &Workspace::create_folder);
    add("GET", "/api/folders/get", &Workspace::get_folder);
    add("POST", "/api/search-sessions/start", &Workspace::start_search);
    add("POST", "/api/search", &Workspace::search);
    add("GET", "/api/search-sessions/{owner}/{session_id}", &Workspace::search_session);
    add("POST", "/api/list-agents", &Workspace::list_agents);
    add("POST", "/api/data-curation/datasets/list", &Workspace::list_datasets);
}

// The body is counted and dropped, however large it is.
Workspace::Outcome Workspace::upload(Call call)
{
    constexpr std::size_t piece = 64 * 1024;
    std::string buffer(piece, '\0');
    std::uint64_t bytes = 0;
    for (;;) {
        auto got = co_await call.request.body->read_some(boost::asio::buffer(buffer));
        if (!got)
            co_return answer(400, json::object{{"detail", got.error().detail}});
        if (*got == 0)
            break;
        bytes += *got;
    }
    const auto id = "upload-" + std::to_string(++made_);
    belongings_[call.user].videos.push_back(
        json::object{{"video_id", id}, {"video_name", id}, {"duration_s", 1}, {"status", "uploaded"}});
    co_return answer(200, json::object{{"video_id", id}, {"status", "success"}, {"received_bytes", bytes}});
}

Workspace::Outcome Workspace::list_videos(Call call)
{
    co_return answer(200, json::object{{"videos", belongings_[call.user].videos}});
}

Workspace::Outcome Workspace::video_status(Call call)
{
    const json::object state{{"status", json::object{{"status", "UPLOADED"}}}};
    co_return answer(200, json::object{{"video_id", call.named},
                                       {"status", "uploaded"},
                                       {"metadata", json::object{{"visual_analysis", state}}}});
}

Workspace::Outcome Workspace::delete_video(Call call)
{
    auto& videos = belongings_[call.user].videos;
    const auto found = std::find_if(videos.begin(), videos.end(), [&](const json::value& video) {
        return video.at("video_id").as_string() == call.named;
    });
    if (found == videos.end())
        co_return answer(404, json::object{{"detail", "Video " + call.named + " not found"}});
    videos.erase(found);
    co_return answer(200, json::object{{"status", "deleted"}, {"video_id", call.named}});
}

Workspace::Outcome Workspace::signed_url(Call call)
{
    co_return answer(200, json::object{{"url", "https://videos.example.invalid/" + call.named + "?signature=sandbox"}});
}

Workspace::Outcome Workspace::create_folder(Call call)
{
    const auto asked = co_await object_in(call.request);
    const auto name = text_of(asked, "name");
    auto& folder = belongings_[call.user].folders[name];
    if (folder.empty())
        folder = {{"id", "folder-" + std::to_string(++made_)}, {"name", name}, {"scope", text_of(asked, "scope")}};
    co_return answer(200, folder);
}

Workspace::Outcome Workspace::get_folder(Call call)
{
    const auto& folders = belongings_[call.user].folders;
    const auto found = folders.find(parameter(call.request, "name"));
    if (found == folders.end())
        co_return answer(404, json::object{{"detail", "Folder not found"}});
    co_return answer(200, found->second);
}

Workspace::Outcome Workspace::start_search(Call call)
{
    const auto asked = co_await object_in(call.request);
    const auto id = "session-" + std::to_string(++made_);
    belongings_[call.user].searches[id] = text_of(asked, "query");
    const auto path = "searches/" + call.user + "/" + id;
    co_return answer(200, json::object{{"session_id", id},
                                       {"owner_uid", call.user},
                                       {"session_doc_path", path},
                                       {"reasoning_trace_path", path}});
}

Workspace::Outcome Workspace::search(Call)
{
    co_return answer(200, json::object{{"status", "started"}});
}

Workspace::Outcome Workspace::search_session(Call call)
{
    const auto& searches = belongings_[call.user].searches;
    const auto found = searches.find(call.named);
    if (found == searches.end())
        co_return answer(404, json::object{{"detail", "Search session not found"}});
    const json::array matches{
        json::object{{"video_id", "vid1-000000"}, {"analysis_id", "a"}, {"similarity", 0.9}, {"reason", "sandbox"}}};
    co_return answer(200, json::object{{"data", json::object{{"status", "completed"},
                                                             {"summary", "Found for: " + found->second},
                                                             {"thoughts", json::array{}},
                                                             {"matches", matches}}}});
}

Workspace::Outcome Workspace::list_agents(Call)
{
    co_return answer(200,
                     json::object{{"agents", json::array{json::object{{"name", "sandbox"}, {"status", "ready"}}}}});
}

Workspace::Outcome Workspace::list_datasets(Call)
{
    co_return answer(200, json::array{json::object{{"id", "dataset-1"}, {"name", "sandbox"}, {"status", "ready"}}});
}

} // namespace nomadic::sandbox
