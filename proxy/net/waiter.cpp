#include "proxy/net/waiter.hpp"

namespace nomadic::proxy {

namespace {

// Of telling members, while others wait for the loop: one that sends a large body takes a good part of it.
constexpr std::chrono::milliseconds longest_turn{1};

int make_set()
{
    const int set = ::epoll_create1(EPOLL_CLOEXEC);
    if (set < 0)
        throw boost::system::system_error(errno, boost::system::system_category(), "epoll_create1");
    return set;
}

} // namespace

Waiter::Waiter(const asio::any_io_executor& executor) : set_(executor, make_set())
{
    wait();
}

bool Waiter::add(int socket, Member& member)
{
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &member;
    return ::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, socket, &event) == 0;
}

void Waiter::remove(int socket, const Member& member)
{
    ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, socket, nullptr);
    for (auto& event : untold_)
        if (event.data.ptr == &member)
            event.data.ptr = nullptr;
}

void Waiter::wait()
{
    set_.async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
        if (error)
            return;
        take_ready();
        tell_some();
    });
}

void Waiter::take_ready()
{
    const int count = ::epoll_wait(set_.native_handle(), ready_.data(), static_cast<int>(ready_.size()), 0);
    untold_ = std::span(ready_).first(static_cast<std::size_t>(std::max(count, 0)));
}

void Waiter::tell_some()
{
    const auto end = std::chrono::steady_clock::now() + longest_turn;
    while (!untold_.empty() && std::chrono::steady_clock::now() < end) {
        const auto event = untold_.front();
        untold_ = untold_.subspan(1);
        if (event.data.ptr != nullptr) // it has not been removed by one that was told before it
            static_cast<Member*>(event.data.ptr)->readable((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    }
    if (untold_.empty())
        return wait();
    asio::post(set_.get_executor(), [weak = weak_from_this()] {
        if (const auto self = weak.lock())
            self->tell_some();
    });
}

} // namespace nomadic::proxy
