// Both ends of a connection, as fast as sockets are, for what is between them to be measured: an origin, downloads,
// uploads and small requests one after the other.
//
//   bench_wire origin                       prints its port; GET /api/bytes/N gives N bytes, POST takes a body,
//                                           GET /api/count how many connections it has taken
//   bench_wire download|upload PORT BYTES   prints seconds
//   bench_wire ask PORT TIMES               prints the median, the 99th percentile (microseconds) of a small request

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::size_t piece = 1 << 20;
std::atomic<int> connections = 0;

[[noreturn]] void fail(const char* what)
{
    std::perror(what);
    std::exit(1);
}

sockaddr_in loopback(int port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void be_prompt(int descriptor)
{
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool send_all(int descriptor, std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool send_many(int descriptor, std::uint64_t count)
{
    static const std::string zeros(piece, '\0');
    for (std::uint64_t now = 0; count != 0; count -= now) {
        now = std::min<std::uint64_t>(count, piece);
        if (!send_all(descriptor, std::string_view(zeros).substr(0, now)))
            return false;
    }
    return true;
}

// A head, and what came with it; nothing at the end.
std::string read_head(int descriptor, std::string& rest)
{
    static thread_local std::vector<char> buffer(piece);
    for (;;) {
        if (const auto end = rest.find("\r\n\r\n"); end != std::string::npos) {
            auto head = rest.substr(0, end + 4);
            rest.erase(0, end + 4);
            return head;
        }
        const auto got = ::recv(descriptor, buffer.data(), buffer.size(), 0);
        if (got <= 0)
            return {};
        rest.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

std::uint64_t length_of(std::string_view head)
{
    std::string lower(head);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto found = lower.find("\r\ncontent-length:");
    return found == std::string::npos ? 0 : std::strtoull(lower.c_str() + found + 17, nullptr, 10);
}

bool take(int descriptor, std::string& rest, std::uint64_t count)
{
    static thread_local std::vector<char> buffer(piece);
    const auto had = std::min<std::uint64_t>(count, rest.size());
    rest.erase(0, had);
    for (count -= had; count != 0;) {
        const auto got = ::recv(descriptor, buffer.data(), std::min<std::uint64_t>(count, buffer.size()), 0);
        if (got <= 0)
            return false;
        count -= static_cast<std::uint64_t>(got);
    }
    return true;
}

std::string response(std::uint64_t length)
{
    return "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: " + std::to_string(length) +
           "\r\n\r\n";
}

bool answer(int descriptor, std::string_view head)
{
    constexpr std::string_view bytes = "GET /api/bytes/";
    if (head.starts_with(bytes)) {
        const auto count = std::strtoull(head.data() + bytes.size(), nullptr, 10);
        return send_all(descriptor, response(count)) && send_many(descriptor, count);
    }
    const auto body = head.starts_with("GET /api/count") ? std::to_string(connections) : std::string(200, 'x');
    return send_all(descriptor, response(body.size()) + body);
}

void serve(int descriptor)
{
    be_prompt(descriptor);
    std::string rest;
    for (auto head = read_head(descriptor, rest); !head.empty(); head = read_head(descriptor, rest))
        if (!take(descriptor, rest, length_of(head)) || !answer(descriptor, head))
            break;
    ::close(descriptor);
}

[[noreturn]] void origin()
{
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    auto address = loopback(0);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address); // the C API's own way
    if (::bind(listener, raw, size) != 0 || ::listen(listener, 128) != 0 || ::getsockname(listener, raw, &size) != 0)
        fail("listening");
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    for (;;) {
        const int descriptor = ::accept(listener, nullptr, nullptr);
        if (descriptor < 0)
            fail("accepting");
        ++connections;
        std::thread(serve, descriptor).detach();
    }
}

int connect_to(int port)
{
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    const auto address = loopback(port);
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fail("connecting");
    be_prompt(descriptor);
    return descriptor;
}

// One request and its answer, read to the end.
void exchange(int descriptor, std::string& rest, const std::string& head, std::uint64_t upload = 0)
{
    if (!send_all(descriptor, head) || !send_many(descriptor, upload))
        fail("sending");
    const auto answered = read_head(descriptor, rest);
    if (!answered.starts_with("HTTP/1.1 200 ")) {
        std::fprintf(stderr, "%s\n", answered.c_str());
        std::exit(1);
    }
    if (!take(descriptor, rest, length_of(answered)))
        fail("receiving");
}

std::chrono::duration<double> timed(int descriptor, std::string& rest, const std::string& head,
                                    std::uint64_t upload = 0)
{
    const auto begun = std::chrono::steady_clock::now();
    exchange(descriptor, rest, head, upload);
    return std::chrono::steady_clock::now() - begun;
}

void ask(int descriptor, int times)
{
    std::string rest;
    std::vector<double> microseconds;
    for (int i = 0; i < times; ++i)
        microseconds.push_back(
            timed(descriptor, rest, "GET /api/small HTTP/1.1\r\nHost: localhost\r\nX-API-Key: k\r\n\r\n").count() *
            1e6);
    std::sort(microseconds.begin(), microseconds.end());
    std::printf("%.1f %.1f\n", microseconds[microseconds.size() / 2], microseconds[microseconds.size() * 99 / 100]);
}

} // namespace

int main(int argc, char** argv)
{
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "origin")
        origin();
    if (argc != 4)
        return 2;
    const int descriptor = connect_to(std::atoi(argv[2]));
    const std::uint64_t count = std::strtoull(argv[3], nullptr, 10);
    std::string rest;
    if (what == "ask")
        ask(descriptor, static_cast<int>(count));
    else if (what == "download")
        std::printf("%f\n", timed(descriptor, rest,
                                  "GET /api/bytes/" + std::to_string(count) + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                                .count());
    else
        std::printf("%f\n", timed(descriptor, rest,
                                  "POST /api/upload-video HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                                      std::to_string(count) + "\r\n\r\n",
                                  count)
                                .count());
    return 0;
}
