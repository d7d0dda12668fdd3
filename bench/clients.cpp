// Many clients at once, each with one connection and one request under way: how each of them fares.
//
//   clients PORT TARGET CONNECTIONS SECONDS [PAUSE_MICROSECONDS]
//
// Prints one JSON object: requests in all, and a second; the fewest, the median and the most that one client got done;
// Jain's fairness index of these (1: all alike); and the latency in microseconds, each answer read to its end. With a
// pause, a client asks again only so long after its last answer.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Client {
    int socket = -1;
    Clock::time_point asked;
    std::string head;     // of the answer, while it is not whole
    std::size_t left = 0; // of the body
    bool in_body = false;
    bool waiting = false;
    std::size_t answers = 0;
};

std::string request;
std::vector<double> latencies;

void fail(const char* what)
{
    std::perror(what);
    std::exit(1);
}

int connect_to(std::uint16_t port)
{
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const int yes = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        fail("connect");
    return socket;
}

void ask(Client& client)
{
    client.asked = Clock::now();
    client.waiting = true;
    if (send(client.socket, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
        fail("send");
}

// True when the answer is whole.
bool take(Client& client, std::string_view bytes)
{
    if (!client.in_body) {
        client.head += bytes;
        const auto end = client.head.find("\r\n\r\n");
        if (end == std::string::npos)
            return false;
        if (client.head.compare(9, 3, "200") != 0) {
            std::fprintf(stderr, "%s\n", client.head.c_str());
            std::exit(1);
        }
        client.left = std::strtoul(client.head.c_str() + client.head.find("Content-Length: ") + 16, nullptr, 10);
        client.left -= client.head.size() - end - 4;
        client.in_body = true;
    } else {
        client.left -= bytes.size();
    }
    if (client.left != 0)
        return false;
    client.head.clear();
    client.in_body = client.waiting = false;
    ++client.answers;
    latencies.push_back(std::chrono::duration<double, std::micro>(Clock::now() - client.asked).count());
    return true;
}

double share(const std::vector<double>& sorted, double part)
{
    return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

} // namespace

int main(int count, char** arguments)
{
    if (count < 5) {
        std::fputs("usage: clients PORT TARGET CONNECTIONS SECONDS [PAUSE_MICROSECONDS]\n", stderr);
        return 2;
    }
    const auto port = static_cast<std::uint16_t>(std::atoi(arguments[1]));
    request = "GET " + std::string(arguments[2]) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    std::vector<Client> clients(static_cast<std::size_t>(std::atoi(arguments[3])));
    const std::chrono::microseconds pause(count > 5 ? std::atoi(arguments[5]) : 0);
    const int poller = epoll_create1(0);
    for (auto& client : clients) {
        client.socket = connect_to(port);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &client;
        epoll_ctl(poller, EPOLL_CTL_ADD, client.socket, &event);
    }
    const auto begun = Clock::now();
    const auto end = begun + std::chrono::seconds(std::atoi(arguments[4]));
    for (auto& client : clients)
        ask(client);
    std::vector<char> buffer(1U << 20U);
    std::vector<epoll_event> events(512);
    while (Clock::now() < end) {
        const int ready =
            epoll_wait(poller, events.data(), static_cast<int>(events.size()), pause.count() > 0 ? 1 : 100);
        for (int i = 0; i < ready; ++i) {
            auto& client = *static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
            const auto got = recv(client.socket, buffer.data(), buffer.size(), 0);
            if (got <= 0)
                fail("recv");
            if (take(client, {buffer.data(), static_cast<std::size_t>(got)}) && pause.count() == 0)
                ask(client);
        }
        if (pause.count() > 0)
            for (auto& client : clients)
                if (!client.waiting && Clock::now() - client.asked >= pause)
                    ask(client);
    }
    const std::chrono::duration<double> took = Clock::now() - begun;
    std::vector<double> answers;
    double sum = 0, squares = 0;
    for (const auto& client : clients) {
        answers.push_back(static_cast<double>(client.answers));
        sum += answers.back();
        squares += answers.back() * answers.back();
    }
    std::sort(answers.begin(), answers.end());
    std::sort(latencies.begin(), latencies.end());
    std::printf(
        "{\"requests\": %.0f, \"rate\": %.1f, \"fewest\": %.0f, \"median\": %.0f, \"most\": %.0f, \"fairness\": %.4f, "
        "\"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f}\n",
        sum, sum / took.count(), answers.front(), share(answers, 0.5), answers.back(),
        sum * sum / (static_cast<double>(clients.size()) * squares), share(latencies, 0.5), share(latencies, 0.99),
        share(latencies, 0.999), share(latencies, 1));
}
