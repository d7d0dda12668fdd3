#include "proxy/http/message.hpp"

#include <boost/beast/core/string.hpp>

namespace nomadic::proxy {

void Fields::set(std::string_view name, std::string value)
{
    remove(name);
    add(std::string(name), std::move(value));
}

void Fields::remove(std::string_view name)
{
    std::erase_if(fields_, [&](const Field& field) { return beast::iequals(field.name, name); });
}

std::string_view Fields::get(std::string_view name) const
{
    for (const auto& field : fields_)
        if (beast::iequals(field.name, name))
            return field.value;
    return {};
}

bool Fields::has(std::string_view name) const
{
    return count(name) != 0;
}

std::size_t Fields::count(std::string_view name) const
{
    std::size_t found = 0;
    for (const auto& field : fields_)
        found += beast::iequals(field.name, name) ? 1U : 0U;
    return found;
}

std::string Fields::joined(std::string_view name) const
{
    std::string all;
    for (const auto& field : fields_)
        if (beast::iequals(field.name, name))
            all += (all.empty() ? "" : ", ") + field.value;
    return all;
}

} // namespace nomadic::proxy
