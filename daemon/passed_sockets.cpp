#include "daemon/passed_sockets.hpp"

#include "config/validate.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

namespace nomadic::daemon {

namespace {

Failure invalid(std::string detail)
{
    return {.code = Errc::invalid_configuration, .detail = std::move(detail), .members = {}};
}

void add_address(int descriptor, config::Server& server)
{
    union {
        sockaddr any;
        sockaddr_in v4;
        sockaddr_in6 v6;
        sockaddr_un local;
        sockaddr_storage storage;
    } address{};
    socklen_t size = sizeof address;
    if (::getsockname(descriptor, &address.any, &size) != 0)
        return;
    std::array<char, INET6_ADDRSTRLEN> host{};
    switch (address.any.sa_family) {
    case AF_INET:
        ::inet_ntop(AF_INET, &address.v4.sin_addr, host.data(), host.size());
        server.listen.push_back(std::string(host.data()) + ":" + std::to_string(ntohs(address.v4.sin_port)));
        break;
    case AF_INET6:
        ::inet_ntop(AF_INET6, &address.v6.sin6_addr, host.data(), host.size());
        server.listen.push_back("[" + std::string(host.data()) + "]:" + std::to_string(ntohs(address.v6.sin6_port)));
        break;
    default:
        server.unix_socket = address.local.sun_path;
    }
}

} // namespace

Result<std::vector<int>> passed_sockets()
{
    const int count = ::sd_listen_fds(1);
    if (count < 0)
        return invalid("The sockets that LISTEN_FDS announces can't be taken over.");
    std::vector<int> sockets;
    for (int descriptor = SD_LISTEN_FDS_START; descriptor < SD_LISTEN_FDS_START + count; ++descriptor) {
        if (::sd_is_socket(descriptor, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
            return invalid("Descriptor " + std::to_string(descriptor) +
                           ", passed by LISTEN_FDS, is no listening stream socket. The .socket unit must use "
                           "ListenStream= and Accept=no.");
        sockets.push_back(descriptor);
    }
    return sockets;
}

Result<void> listen_on(std::span<const int> sockets, config::Settings& settings)
{
    if (sockets.empty())
        return {};
    settings.server.listen.clear();
    settings.server.unix_socket.clear();
    for (const int descriptor : sockets)
        add_address(descriptor, settings.server);
    if (const auto [name, wrong] = config::first_contradiction(settings); !name.empty())
        return invalid("The sockets that were passed (LISTEN_FDS): " + name + " " + wrong + ".");
    return {};
}

} // namespace nomadic::daemon
