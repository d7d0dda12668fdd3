#pragma once

// Where connections wait for their next request outside of Asio (the name is Varnish's): one epoll set of their own,
// which Asio watches as one descriptor. Asio waits for one socket by a recv that finds nothing, an operation and the
// resumption of a coroutine, each time: more than a request takes that only repeats an answer. Owned by those who wait,
// by shared_ptr. Loop thread.

#include "proxy/net/asio.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <span>
#include <sys/epoll.h>

namespace nomadic::proxy {

class Waiter : public std::enable_shared_from_this<Waiter> {
public:
    // A socket that waits. It is removed before it goes, or moves.
    class Member {
    public:
        // Something can be received, or the other end is gone; `last` when nothing will come after that.
        virtual void readable(bool last) = 0;

    protected:
        ~Member() = default;
    };

    explicit Waiter(const asio::any_io_executor& executor);
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() = default;

    // From now on `member` is told each time that more comes (epoll's edges), also of what is there already. False when
    // the system watches no more sockets.
    bool add(int socket, Member& member);
    void remove(int socket, const Member& member);

    // For what whoever is told receives: one room for all, which stays in the processor's nearest cache.
    std::span<char> room() { return room_; }

private:
    void wait();
    void take_ready();
    void tell_some();

    asio::posix::stream_descriptor set_;
    std::array<epoll_event, 64> ready_{};
    std::span<epoll_event> untold_; // of those
    std::array<char, 4096> room_{};
};

} // namespace nomadic::proxy
