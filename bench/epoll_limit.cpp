// The machine's limit: a server that does nothing but what the kernel needs of it. One thread, level-triggered epoll,
// one receive and one gathered send of prebuilt bytes for each request, which is only looked through for its end.
//
//   epoll_limit PORT BODY_FILE

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

std::string head, body;
std::vector<std::size_t> sent(65'536); // by descriptor, of the answer under way

void watch(int poller, int operation, int descriptor, unsigned events)
{
    epoll_event event{};
    event.events = events;
    event.data.fd = descriptor;
    epoll_ctl(poller, operation, descriptor, &event);
}

// True when the whole answer is gone; false when the socket takes no more for now.
bool send_rest(int socket)
{
    auto& done = sent.at(static_cast<std::size_t>(socket));
    while (done < head.size() + body.size()) {
        const auto of_head = std::min(done, head.size());
        const auto of_body = done - of_head;
        std::array<iovec, 2> parts{
            {{head.data() + of_head, head.size() - of_head}, {body.data() + of_body, body.size() - of_body}}};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        const auto count = sendmsg(socket, &message, MSG_NOSIGNAL);
        if (count < 0)
            return errno != EAGAIN;
        done += static_cast<std::size_t>(count);
    }
    return true;
}

void accept_all(int poller, int listener)
{
    for (int socket = 0; (socket = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
        const int yes = 1;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        watch(poller, EPOLL_CTL_ADD, socket, EPOLLIN);
    }
}

void serve(int poller, int socket, unsigned events)
{
    if ((events & EPOLLIN) != 0) {
        std::array<char, 8192> request{};
        const auto count = recv(socket, request.data(), request.size(), 0);
        if (count <= 0) {
            close(socket);
            return;
        }
        if (memmem(request.data(), static_cast<std::size_t>(count), "\r\n\r\n", 4) == nullptr)
            return;
        sent.at(static_cast<std::size_t>(socket)) = 0;
    }
    const bool all = send_rest(socket);
    if (!all || (events & EPOLLOUT) != 0)
        watch(poller, EPOLL_CTL_MOD, socket, all ? EPOLLIN : EPOLLOUT);
}

} // namespace

int main(int count, char** arguments)
{
    if (count != 3) {
        std::fputs("usage: epoll_limit PORT BODY_FILE\n", stderr);
        return 2;
    }
    std::ifstream file(arguments[2], std::ios::binary);
    body.assign(std::istreambuf_iterator<char>(file), {});
    // As many bytes of head as the daemon sends.
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nX-Padding: " + std::string(595, 'x') + "\r\n\r\n";

    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(arguments[1])));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 4096) != 0) {
        std::perror("epoll_limit");
        return 1;
    }
    const int poller = epoll_create1(0);
    watch(poller, EPOLL_CTL_ADD, listener, EPOLLIN);
    for (std::array<epoll_event, 512> events{};;) {
        const int ready = epoll_wait(poller, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < ready; ++i) {
            const auto& event = events.at(static_cast<std::size_t>(i));
            if (event.data.fd == listener)
                accept_all(poller, listener);
            else
                serve(poller, event.data.fd, event.events);
        }
    }
}
