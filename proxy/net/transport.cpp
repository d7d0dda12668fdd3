#include "proxy/net/transport.hpp"

#include <poll.h>
#include <sys/socket.h>

namespace nomadic::proxy {

namespace {

// Of a long body at a time: enough to keep a fast reader busy, few enough that others get their turn in between.
constexpr std::size_t sent_piece = 2 * 1024 * 1024;

ReadResult send_some(int socket, std::string_view first, std::string_view second)
{
    // sendmsg does not write to what it sends; its parts are not const only because recvmsg shares them.
    std::array<iovec, 2> parts{
        {{const_cast<char*>(first.data()), first.size()}, {const_cast<char*>(second.data()), second.size()}}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    for (;;) {
        const auto count = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0)
            return {boost::system::error_code(), static_cast<std::size_t>(count)};
        if (errno != EINTR)
            return {boost::system::error_code(errno, boost::system::system_category()), std::size_t{0}};
    }
}

template <class Stream>
class StreamTransport final : public Transport {
public:
    StreamTransport(Stream stream, std::shared_ptr<Waiter> waiter)
        : stream_(std::move(stream)), waiter_(std::move(waiter))
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
    awaitable<void> receive_while(Receiver receiver) override
    {
        if constexpr (std::is_same_v<Stream, Socket>) {
            boost::system::error_code error;
            const auto protocol = stream_.local_endpoint(error).protocol();
            if (!waiter_ || error)
                co_return;
            waiting_.emplace(waiter_, stream_.release(), std::move(receiver), stream_.get_executor());
            co_await waiting_->ended().wait();
            take_back(protocol);
        }
    }
    std::size_t try_send(std::string_view first, std::string_view second) override
    {
        if constexpr (std::is_same_v<Stream, TlsSocket>)
            return 0;
        else
            return std::get<1>(send_some(native_handle(), first, second));
    }
    awaitable<ReadResult> write_some(std::string_view first, std::string_view second) override
    {
        if constexpr (std::is_same_v<Stream, TlsSocket>) {
            const std::array<asio::const_buffer, 2> buffers{asio::buffer(first), asio::buffer(second)};
            co_return co_await stream_.async_write_some(buffers, as_result);
        } else {
            for (;;) {
                auto [error] = co_await stream_.async_wait(Socket::wait_write, as_result);
                if (error)
                    co_return ReadResult{error, 0};
                const auto sent = send_some(native_handle(), first, second);
                if (std::get<0>(sent) != asio::error::would_block)
                    co_return sent;
            }
        }
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
        if (waiting_)
            waiting_->close();
        stream_.lowest_layer().close(ignored);
    }

private:
    // The socket that waited; throws what its receiver threw.
    void take_back(const Socket::protocol_type& protocol)
    {
        const auto thrown = waiting_->thrown();
        const int socket = waiting_->release();
        waiting_.reset();
        boost::system::error_code error;
        if (socket >= 0)
            stream_.assign(protocol, socket, error);
        if (error)
            ::close(socket); // whoever reads next finds nothing open
        if (thrown)
            std::rethrow_exception(thrown);
    }
    int native_handle() { return waiting_ ? waiting_->native_handle() : stream_.lowest_layer().native_handle(); }

    Stream stream_;
    std::shared_ptr<Waiter> waiter_;
    std::optional<WaitingSocket> waiting_; // has the stream's socket
};

} // namespace

std::size_t Transport::send_now(std::string_view first, std::string_view second)
{
    const auto count = try_send(first, second.substr(0, sent_piece));
    traffic_.sent += count;
    return count;
}

awaitable<bool> Transport::write(std::string_view first, std::string_view second, std::chrono::milliseconds patience)
{
    const auto gone = [&](std::size_t count) {
        const auto of_first = std::min(count, first.size());
        first.remove_prefix(of_first);
        second.remove_prefix(count - of_first);
        return first.empty() && second.empty();
    };
    // What the socket takes at once costs no wait.
    for (bool all = gone(send_now(first, second)); !all;) {
        deadline_->in(patience);
        auto [error, count] = co_await write_some(first, second.substr(0, sent_piece));
        traffic_.sent += count;
        if (error)
            co_return false;
        all = gone(count);
    }
    deadline_->never();
    co_return true;
}

std::shared_ptr<Transport> make_transport(Socket socket, std::shared_ptr<Waiter> waiter)
{
    return std::make_shared<StreamTransport<Socket>>(std::move(socket), std::move(waiter));
}

std::shared_ptr<Transport> make_transport(TlsSocket socket)
{
    return std::make_shared<StreamTransport<TlsSocket>>(std::move(socket), nullptr);
}

} // namespace nomadic::proxy
