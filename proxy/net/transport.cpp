#include "proxy/net/transport.hpp"

#include <limits>
#include <poll.h>
#include <sys/socket.h>

namespace nomadic::proxy {

namespace {

// As Asio's transfer_all, which hands over 64 KiB at a time: the peer would wake up for each.
std::size_t all_at_once(const boost::system::error_code& error, std::size_t)
{
    return error ? 0 : std::numeric_limits<std::size_t>::max();
}

template <class Stream>
class StreamTransport final : public Transport {
public:
    explicit StreamTransport(Stream stream) : stream_(std::move(stream))
    {
        deadline_.emplace(stream_.get_executor(), [this] { StreamTransport::close(); });
    }

    awaitable<bool> handshake() override
    {
        if constexpr (std::is_same_v<Stream, TlsSocket>) {
            auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, as_result);
            co_return !error;
        }
        co_return true;
    }
    awaitable<ReadResult> read_some(asio::mutable_buffer buffer) override
    {
        return stream_.async_read_some(buffer, as_result);
    }
    awaitable<ReadResult> write_all(std::array<asio::const_buffer, 2> buffers) override
    {
        return asio::async_write(stream_, buffers, all_at_once, as_result);
    }
    void shutdown_send() override
    {
        boost::system::error_code ignored; // the peer may be gone
        stream_.lowest_layer().shutdown(asio::socket_base::shutdown_send, ignored);
    }
    bool still_open() override
    {
        char byte = 0;
        auto& socket = stream_.lowest_layer();
        const auto got = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }
    awaitable<void> hang_up() override
    {
        auto& socket = stream_.lowest_layer();
        for (boost::system::error_code error; !error && socket.is_open();) {
            pollfd state{.fd = socket.native_handle(), .events = POLLRDHUP, .revents = 0};
            if (::poll(&state, 1, 0) != 0)
                co_return;
            // Whatever arrives wakes us, the end of it as well; what else it is stays where it is.
            auto [woken] = co_await socket.async_wait(asio::socket_base::wait_read, as_result);
            error = woken;
        }
    }
    void abort() override
    {
        boost::system::error_code ignored; // closing is all we want
        stream_.lowest_layer().set_option(asio::socket_base::linger(true, 0), ignored);
        close();
    }
    asio::any_io_executor executor() override { return stream_.get_executor(); }
    void close() override
    {
        boost::system::error_code ignored; // it may be closed already
        stream_.lowest_layer().close(ignored);
    }

private:
    Stream stream_;
};

} // namespace

awaitable<bool> Transport::write(std::string_view first, std::string_view second, std::chrono::milliseconds patience)
{
    // Large enough to keep the socket busy, small enough that a slow but honest client moves one in time.
    constexpr std::size_t piece = 256 * 1024;
    do {
        const auto now = second.substr(0, piece);
        deadline_->in(patience);
        auto [error, count] = co_await write_all({asio::buffer(first), asio::buffer(now)});
        traffic_.sent += count;
        if (error)
            co_return false;
        first = {};
        second.remove_prefix(now.size());
    } while (!second.empty());
    deadline_->never();
    co_return true;
}

std::shared_ptr<Transport> make_transport(Socket socket)
{
    return std::make_shared<StreamTransport<Socket>>(std::move(socket));
}

std::shared_ptr<Transport> make_transport(TlsSocket socket)
{
    return std::make_shared<StreamTransport<TlsSocket>>(std::move(socket));
}

} // namespace nomadic::proxy
