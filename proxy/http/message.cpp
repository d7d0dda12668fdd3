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

awaitable<Result<std::string>> read_body(BodyReader& body, std::uint64_t limit)
{
    const auto too_large = [limit] {
        return Failure{.code = Errc::payload_too_large,
                       .detail = "The request's body is larger than " + std::to_string(limit) +
                                 " bytes, which is all that limits.max_body_bytes allows.",
                       .members = {}};
    };
    if (body.length().value_or(0) > limit)
        co_return too_large();
    std::string bytes;
    for (;;) {
        constexpr std::size_t piece = 64 * 1024;
        const auto used = bytes.size();
        bytes.resize(used + piece);
        auto got = co_await body.read_some(asio::buffer(bytes.data() + used, piece));
        if (!got)
            co_return got.error();
        bytes.resize(used + *got);
        if (*got == 0)
            co_return bytes;
        if (bytes.size() > limit)
            co_return too_large();
    }
}

} // namespace nomadic::proxy
