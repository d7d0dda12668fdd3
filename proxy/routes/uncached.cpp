#include "proxy/routes/uncached.hpp"

#include <boost/json.hpp>

namespace nomadic::proxy {

Response uncached(std::string media_type, std::string body)
{
    Response response;
    response.fields.add("Content-Type", std::move(media_type));
    response.fields.add("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

Response uncached(const boost::json::object& document)
{
    return uncached("application/json", boost::json::serialize(document));
}

} // namespace nomadic::proxy
