#pragma once

// A request's body as it comes in, in whichever framing. Loop thread.

#include "config/settings.hpp"
#include "proxy/http/chunked.hpp"
#include "proxy/http/request_head.hpp"
#include "proxy/net/transport.hpp"

namespace nomadic::proxy {

class RequestBody final : public BodyReader {
public:
    // `buffer` holds what was read beyond the head, and in the end what is beyond the body.
    RequestBody(Transport& transport, std::string& buffer, const Framing& framing, const config::Limits& limits);

    awaitable<Result<std::size_t>> read_some(asio::mutable_buffer out) override;
    std::optional<std::uint64_t> length() const override;
    const Fields& trailers() const override { return decoder_.trailers(); }

    // Reads and drops what nobody wanted, so that the next request can be read; false when there is too much of it.
    awaitable<bool> drain(std::size_t most);
    bool unread() const { return !done_; }

private:
    awaitable<Result<std::size_t>> read_chunked(asio::mutable_buffer out);
    awaitable<Result<std::size_t>> read_counted(asio::mutable_buffer out);
    awaitable<Result<void>> fill(); // more bytes into the buffer

    Transport& transport_;
    std::string& buffer_;
    Framing framing_;
    const config::Limits& limits_;
    ChunkedDecoder decoder_;
    std::uint64_t left_;
    bool done_;
};

} // namespace nomadic::proxy
