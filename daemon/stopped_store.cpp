#include "daemon/stopped_store.hpp"

namespace nomadic::daemon {

bool names_data_dir(const std::string& server, const config::Loaded& loaded)
{
    const auto origin = loaded.origins.find("cache.data_dir");
    return server.empty() && origin != loaded.origins.end() && origin->second.starts_with("--");
}

bool nobody_answers(const std::string& server, const Result<Reply>& reply)
{
    return server.empty() && !reply && reply.error().code == Errc::upstream_unreachable;
}

} // namespace nomadic::daemon
