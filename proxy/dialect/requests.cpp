#include "proxy/dialect/requests.hpp"

#include <boost/json.hpp>

namespace nomadic::proxy {

namespace {

namespace json = boost::json;

std::optional<json::object> parse_object(std::string_view body)
{
    boost::system::error_code error;
    auto document = json::parse(body, error);
    if (error || !document.is_object())
        return std::nullopt;
    return std::move(document.get_object());
}

std::optional<std::vector<std::string>> texts_of(const json::value& value)
{
    if (!value.is_array())
        return std::nullopt;
    std::vector<std::string> texts;
    for (const auto& item : value.get_array()) {
        if (!item.is_string())
            return std::nullopt;
        texts.emplace_back(item.get_string());
    }
    return texts;
}

} // namespace

std::optional<std::vector<std::string>> parse_bulk_request(std::string_view body)
{
    const auto object = parse_object(body);
    if (!object || object->size() != 1 || !object->contains("video_ids"))
        return std::nullopt;
    auto ids = texts_of(object->at("video_ids"));
    if (ids && ids->size() > most_video_ids)
        return std::nullopt;
    return ids;
}

std::optional<FilterRequest> parse_filter_request(std::string_view body)
{
    const auto object = parse_object(body);
    if (!object || object->size() > 1 || (object->size() == 1 && !object->contains("filter")))
        return std::nullopt;
    if (object->empty() || object->at("filter").is_null())
        return FilterRequest{};
    auto approvals = texts_of(object->at("filter"));
    if (!approvals)
        return std::nullopt;
    return FilterRequest{std::move(*approvals)};
}

} // namespace nomadic::proxy
