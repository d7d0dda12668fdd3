#pragma once

// The bytes of one connection, TCP, Unix or TLS alike, with a deadline for the next progress. When that passes, the
// connection is closed and whatever waits for it fails. Loop thread.

#include "proxy/net/asio.hpp"
#include "proxy/net/deadline.hpp"
#include "proxy/net/waiting_socket.hpp"

#include <string_view>

namespace nomadic::proxy {

using Socket = asio::generic::stream_protocol::socket; // TCP or Unix
using TlsSocket = asio::ssl::stream<Socket>;
using ReadResult = std::tuple<boost::system::error_code, std::size_t>;

// What has been read into it and not been used yet; valid until the next change.
inline std::string_view text_of(const beast::flat_buffer& buffer)
{
    return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

// Bytes, of whatever layer is ours: inside TLS.
struct Traffic {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
};

class Transport {
public:
    virtual ~Transport() = default;

    virtual awaitable<bool> handshake() = 0; // of TLS, as its server
    virtual awaitable<ReadResult> read_some(asio::mutable_buffer buffer) = 0;
    // Hands over what comes, without a coroutine's resumption each time, until `receiver` has had enough or nothing
    // more comes; read_some() says which. At once where it has no Waiter.
    virtual awaitable<void> receive_while(Receiver receiver) = 0;
    virtual void shutdown_send() = 0;
    virtual bool still_open() = 0;         // an idle connection that the peer has neither closed nor written to
    virtual awaitable<void> hang_up() = 0; // until the peer has closed its sending side, or the connection is broken
    virtual void close() = 0;
    virtual void abort() = 0; // closes with a reset, which no peer can take for an orderly end
    virtual asio::any_io_executor executor() = 0;
    Deadline& deadline() { return *deadline_; }
    Traffic& traffic() { return traffic_; } // who reads adds what it got; what is written counts itself

    // Sends what the connection takes at once, without waiting: how many bytes that were. None is no error; write()
    // is told what is the matter.
    std::size_t send_now(std::string_view first, std::string_view second);
    // Writes all of it; something must be gone within each `patience`.
    awaitable<bool> write(std::string_view first, std::string_view second, std::chrono::milliseconds patience);

protected:
    virtual std::size_t try_send(std::string_view first, std::string_view second) = 0;
    // Waits until some of it can be sent, and sends that.
    virtual awaitable<ReadResult> write_some(std::string_view first, std::string_view second) = 0;

    std::optional<Deadline> deadline_;

private:
    Traffic traffic_;
};

// `waiter` is null for those that never wait long: connections of our own.
std::shared_ptr<Transport> make_transport(Socket socket, std::shared_ptr<Waiter> waiter = nullptr);
std::shared_ptr<Transport> make_transport(TlsSocket socket);

} // namespace nomadic::proxy
