#pragma once

// What a user has beside batches: videos, folders, searches, agents, datasets. Each user's own, in memory; enough of it
// that the official clients' other calls work against the sandbox. Loop thread.

#include "proxy/http/router.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <map>

namespace nomadic::sandbox {

class Workspace {
public:
    // `user_of` names the user behind a request, "" when its key is nobody's.
    using UserOf = std::function<std::string(const proxy::Request&)>;
    void add_to(proxy::Router& router, UserOf user_of);

private:
    using Response = proxy::Response;
    using Outcome = proxy::awaitable<Response>;
    struct Call; // a request, whose it is, and what its path names
    using Member = Outcome (Workspace::*)(Call call);

    struct Belongings {
        boost::json::array videos;
        std::map<std::string, boost::json::object> folders; // by name
        std::map<std::string, std::string> searches;        // query by session id
    };

    Outcome upload(Call call);
    Outcome list_videos(Call call);
    Outcome video_status(Call call);
    Outcome delete_video(Call call);
    Outcome signed_url(Call call);
    Outcome create_folder(Call call);
    Outcome get_folder(Call call);
    Outcome start_search(Call call);
    Outcome search(Call call);
    Outcome search_session(Call call);
    Outcome list_agents(Call call);
    Outcome list_datasets(Call call);

    std::map<std::string, Belongings> belongings_; // by user
    std::uint64_t made_ = 0;                       // ids are numbers in the order of making
};

} // namespace nomadic::sandbox
