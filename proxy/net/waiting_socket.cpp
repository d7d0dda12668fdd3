#include "proxy/net/waiting_socket.hpp"

#include <sys/socket.h>

namespace nomadic::proxy {

WaitingSocket::WaitingSocket(std::shared_ptr<Waiter> waiter, int socket, Receiver receiver,
                             const asio::any_io_executor& executor)
    : waiter_(std::move(waiter)), socket_(socket), receiver_(std::move(receiver)), ended_(executor)
{
    if (!waiter_->add(socket_, *this))
        ended_.fire();
}

void WaitingSocket::close()
{
    if (const int socket = release(); socket >= 0)
        ::close(socket);
}

int WaitingSocket::release()
{
    end();
    return std::exchange(socket_, -1);
}

// A recv that does not fill its room has taken all that there was (epoll(7)): what comes after it is told anew.
void WaitingSocket::readable(bool last)
{
    const auto room = waiter_->room();
    const auto count = ::recv(socket_, room.data(), room.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN && !last)
        return;
    const auto size = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    const bool more = size != 0 && receiver_({room.data(), size});
    if (!more || last || size == room.size())
        end();
}

void WaitingSocket::end()
{
    if (ended_.fired())
        return;
    waiter_->remove(socket_, *this);
    ended_.fire();
}

} // namespace nomadic::proxy
