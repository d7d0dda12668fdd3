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

void WaitingSocket::readable(bool last)
{
    bool more = false;
    try {
        more = receive();
    } catch (...) {
        thrown_ = std::current_exception(); // is for whoever waits; the loop runs for all
    }
    if (!more || last)
        end();
}

// A recv that does not fill its room has taken all that there was (epoll(7)): what comes after it is told anew.
bool WaitingSocket::receive()
{
    const auto room = waiter_->room();
    const auto count = ::recv(socket_, room.data(), room.size(), MSG_DONTWAIT);
    if (count <= 0)
        return count < 0 && errno == EAGAIN;
    const auto size = static_cast<std::size_t>(count);
    return receiver_({room.data(), size}) && size < room.size();
}

void WaitingSocket::end()
{
    if (ended_.fired())
        return;
    waiter_->remove(socket_, *this);
    ended_.fire();
}

} // namespace nomadic::proxy
