#include "daemon/batch_list.hpp"

#include "proxy/http/url.hpp"

#include <boost/json.hpp>

namespace nomadic::daemon {

Result<std::optional<Reply>> for_each_listed(const Client& client,
                                             const std::function<void(const boost::json::object&)>& each)
{
    for (std::string cursor;;) {
        auto reply = client.request("GET", "/v1/batches?limit=1000" +
                                               (cursor.empty() ? "" : "&cursor=" + proxy::percent_encode(cursor)));
        if (!reply)
            return reply.error();
        if (reply->status != 200)
            return std::optional(std::move(*reply));
        const auto page = boost::json::parse(reply->body);
        for (const auto& batch : page.at("batches").as_array())
            each(batch.as_object());
        if (page.at("next_cursor").is_null())
            return std::optional<Reply>{};
        cursor = std::string_view(page.at("next_cursor").as_string());
    }
}

} // namespace nomadic::daemon
