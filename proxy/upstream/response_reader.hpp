#pragma once

// Reads one response off a connection: its head, then its body piece by piece, strictly: an answer that breaks off, or
// whose framing is not beyond doubt, is a failure and never a short success. Loop thread.

#include "proxy/http/chunked.hpp"
#include "proxy/http/response_head.hpp"
#include "proxy/net/transport.hpp"

namespace nomadic::proxy {

class ResponseReader {
public:
    // `patience`: the connection is closed when nothing comes for so long.
    ResponseReader(std::shared_ptr<Transport> transport, std::string_view request_method,
                   std::chrono::milliseconds patience);

    // Passes over 1xx, and calls `informed` for each. Fails as upstream_failed, or upstream_timeout.
    awaitable<Result<void>> read_head(std::function<void()> informed = {});
    const ResponseHead& head() const { return head_; }
    unsigned status() const { return head_.status; }
    const Fields& fields() const { return head_.fields; }
    std::optional<std::uint64_t> content_length() const { return head_.content_length; }

    awaitable<Result<std::size_t>> read_some(asio::mutable_buffer out); // 0 at the end
    const Fields& trailers() const { return decoder_.trailers(); }      // complete once read_some has returned 0
    bool done() const { return done_; }
    std::uint64_t received() const { return received_; } // bytes of any kind
    bool begun() const { return received_ != 0; }
    // The response is whole, and the connection may carry another.
    bool reusable() const { return done_ && head_.keep_alive && buffer_.empty(); }

private:
    awaitable<Result<std::size_t>> read_counted(asio::mutable_buffer out);
    awaitable<Result<std::size_t>> read_chunked(asio::mutable_buffer out);
    awaitable<Result<std::size_t>> read_until_close(asio::mutable_buffer out);
    std::size_t take_buffered(asio::mutable_buffer out);
    awaitable<Result<void>> fill(std::size_t piece); // more bytes into the buffer
    awaitable<Result<std::size_t>> receive(asio::mutable_buffer out, bool& ended);

    std::shared_ptr<Transport> transport_;
    std::string request_method_;
    std::chrono::milliseconds patience_;
    std::string buffer_; // read and not yet used
    ResponseHead head_;
    ChunkedDecoder decoder_;
    std::uint64_t left_ = 0; // of a counted body
    std::uint64_t received_ = 0;
    bool done_ = false;
};

} // namespace nomadic::proxy
