#pragma once

// A request's body as it comes in, in whichever framing. Loop thread.

#include "config/settings.hpp"
#include "proxy/http/chunked.hpp"
#include "proxy/http/request_head.hpp"
#include "proxy/net/signal.hpp"
#include "proxy/net/transport.hpp"

namespace nomadic::proxy {

class RequestBody final : public BodyReader {
public:
    // `buffer` holds what was read beyond the head, and in the end what is beyond the body.
    RequestBody(std::shared_ptr<Transport> transport, beast::flat_buffer& buffer, const Framing& framing,
                const config::Limits& limits);
    RequestBody(const RequestBody&) = delete;
    RequestBody& operator=(const RequestBody&) = delete;
    ~RequestBody() override;

    awaitable<Result<std::size_t>> read_some(asio::mutable_buffer out) override;
    std::optional<std::uint64_t> length() const override;
    const Fields& trailers() const override { return decoder_.trailers(); }
    bool awaits_continue() const override { return framing_.expects_continue && !done_ && buffer_.size() == 0; }
    bool crawls() const override;
    void on_hang_up(std::function<void()> act) override;

    // Until a reader that was cancelled has let go of us.
    awaitable<void> at_rest();
    // What nobody wanted can be read and dropped: it has been sent, and there is not too much of it.
    bool drainable(std::size_t most) const { return !awaits_continue() && left_ <= most; }
    // Does so, so that the next request can be read; false when there is too much after all.
    awaitable<bool> drain(std::size_t most);

private:
    struct HangUp; // outlives us while its coroutine does
    struct Rest;   // and so does this, while the reader's coroutine does
    class Reading;

    static awaitable<void> watch(std::shared_ptr<Transport> transport, std::shared_ptr<HangUp> hang_up);
    awaitable<Result<std::size_t>> read_chunked(asio::mutable_buffer out);
    awaitable<Result<std::size_t>> read_counted(asio::mutable_buffer out);
    awaitable<Result<std::size_t>> receive(asio::mutable_buffer out);
    awaitable<Result<void>> fill(); // more bytes into the buffer

    std::shared_ptr<Transport> transport_;
    beast::flat_buffer& buffer_;
    Framing framing_;
    const config::Limits& limits_;
    ChunkedDecoder decoder_;
    std::uint64_t left_;
    bool done_;
    std::chrono::nanoseconds waited_{0}; // for the client, all in all
    std::uint64_t received_ = 0;         // meanwhile
    std::shared_ptr<HangUp> hang_up_;
    std::shared_ptr<Rest> rest_; // null without a body
};

} // namespace nomadic::proxy
