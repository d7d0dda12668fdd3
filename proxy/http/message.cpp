#include "proxy/http/message.hpp"

namespace nomadic::proxy {

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
        if (body.crawls())
            co_return Failure{.code = Errc::bad_request,
                              .detail = "The request's body comes too slowly (limits.body_timeout).",
                              .members = {}};
    }
}

} // namespace nomadic::proxy
