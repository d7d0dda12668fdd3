#pragma once

// Reads one response off a connection: its head, then its body piece by piece. Loop thread.

#include "proxy/http/message.hpp"
#include "proxy/net/transport.hpp"

namespace nomadic::proxy {

class ResponseReader {
public:
    // `patience`: the connection is closed when nothing comes for so long.
    ResponseReader(std::shared_ptr<Transport> transport, std::string_view request_method,
                   std::chrono::milliseconds patience);

    // Passes over 1xx. Fails as upstream_failed, or upstream_timeout.
    awaitable<Result<void>> read_head();
    unsigned status() const { return parser_.get().result_int(); }
    Fields fields() const;
    std::optional<std::uint64_t> content_length() const;

    awaitable<Result<std::size_t>> read_some(asio::mutable_buffer out); // 0 at the end
    bool done() const { return parser_.is_done(); }
    bool begun() const { return begun_; } // something came at all
    // The response is whole, and the connection may carry another.
    bool reusable() const { return done() && parser_.get().keep_alive() && buffer_.empty(); }

private:
    awaitable<Result<void>> fill();
    Result<void> parse();

    std::shared_ptr<Transport> transport_;
    std::chrono::milliseconds patience_;
    std::string buffer_;
    http::response_parser<http::buffer_body> parser_;
    bool skip_body_;
    bool begun_ = false;
    bool ended_ = false; // by the end of the connection
};

} // namespace nomadic::proxy
