#include "proxy/net/server.hpp"

#include "base/log.hpp"

#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>

namespace nomadic::proxy {

namespace {

Failure cannot_listen(const std::string& address, const std::string& why)
{
    return {.code = Errc::invalid_configuration,
            .detail = "Can't listen on " + address + ": " + why +
                      ". Stop what uses it, or choose another address in server.listen or server.unix_socket.",
            .members = {}};
}

std::string text_of(const asio::ip::tcp::endpoint& endpoint)
{
    const auto host = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

asio::ip::tcp::endpoint to_tcp(const asio::generic::stream_protocol::endpoint& endpoint)
{
    asio::ip::tcp::endpoint tcp;
    tcp.resize(std::min(endpoint.size(), tcp.capacity()));
    std::memcpy(tcp.data(), endpoint.data(), tcp.size());
    return tcp;
}

// A literal address asks nobody: offline must not even look up a name.
Result<asio::ip::tcp::endpoint> endpoint_of(const std::string& host, const std::string& port)
{
    boost::system::error_code error;
    const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
    if (!error)
        return asio::ip::tcp::endpoint(address, static_cast<std::uint16_t>(std::stoul(port)));
    asio::io_context resolving;
    const auto endpoints =
        asio::ip::tcp::resolver(resolving).resolve(host, port, asio::ip::tcp::resolver::passive, error);
    if (error || endpoints.empty())
        return cannot_listen(host + ":" + port, error.message());
    return endpoints.begin()->endpoint();
}

std::vector<unsigned> groups_of(int descriptor)
{
    constexpr std::size_t most = 65536; // NGROUPS_MAX
    std::vector<unsigned> groups(64);
    for (;;) {
        auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
        if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
            groups.resize(size / sizeof(gid_t));
            return groups;
        }
        if (errno != ERANGE || groups.size() >= most)
            return {};
        groups.resize(most);
    }
}

Peer peer_of(Socket& socket)
{
    Peer peer;
    boost::system::error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    if (error)
        return peer;
    if (endpoint.protocol().family() == AF_UNIX) {
        peer.kind = Peer::Kind::unix_socket;
        ucred credentials{};
        socklen_t size = sizeof credentials;
        if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
            peer.uid = credentials.uid;
            peer.gid = credentials.gid;
            peer.pid = credentials.pid;
            peer.groups = groups_of(socket.native_handle());
            peer.address = "uid=" + std::to_string(credentials.uid);
        }
        return peer;
    }
    const auto tcp = to_tcp(endpoint);
    peer.address = text_of(tcp);
    peer.loopback = tcp.address().is_loopback();
    asio::ip::tcp::no_delay no_delay(true); // answers go out whole; waiting for more would only cost time
    socket.set_option(no_delay, error);
    return peer;
}

} // namespace

struct Server::Sessions {
    std::shared_ptr<SessionContext> context;
    std::shared_ptr<asio::ssl::context> tls;
    std::shared_ptr<Waiter> waiter;
    std::map<Session*, std::shared_ptr<Session>> running;

    static awaitable<void> run(std::shared_ptr<Sessions> all, std::shared_ptr<Session> session)
    {
        try {
            co_await session->run();
        } catch (const std::exception& bug) {
            log::error("a session ended by an exception", {{"error", bug.what()}});
        }
        all->running.erase(session.get());
        all->context->open = all->running.size();
    }

    bool full() const { return running.size() >= context->limits.max_connections; }

    // Of those that have sent no whole request, the one that has kept us waiting longest goes: whoever opens
    // connections and says nothing must not keep others out.
    bool make_room()
    {
        std::shared_ptr<Session> longest;
        for (const auto& [key, session] : running)
            if (session->waiting_since() && (!longest || *session->waiting_since() < *longest->waiting_since()))
                longest = session;
        if (longest)
            longest->close();
        return longest != nullptr;
    }

    static void begin(const std::shared_ptr<Sessions>& all, Socket socket)
    {
        auto peer = peer_of(socket);
        const auto executor = socket.get_executor();
        peer.encrypted = all->tls && peer.kind == Peer::Kind::tcp;
        auto transport = peer.encrypted ? make_transport(TlsSocket(std::move(socket), *all->tls))
                                        : make_transport(std::move(socket), all->waiter);
        auto session = std::make_shared<Session>(std::move(transport), std::move(peer), all->context);
        all->running.emplace(session.get(), session);
        all->context->open = all->running.size();
        asio::co_spawn(executor, run(all, session), asio::detached);
    }
};

Server::Server(const asio::any_io_executor& executor, std::shared_ptr<SessionContext> context,
               std::shared_ptr<asio::ssl::context> tls)
    : executor_(executor), sessions_(std::make_shared<Sessions>())
{
    sessions_->context = std::move(context);
    sessions_->tls = std::move(tls);
    sessions_->waiter = std::make_shared<Waiter>(executor);
}

Server::~Server()
{
    for (const auto& path : socket_files_)
        std::filesystem::remove(path);
}

std::size_t Server::sessions() const
{
    return sessions_->running.size();
}

Result<void> Server::listen_tcp(const std::string& host, const std::string& port)
{
    boost::system::error_code error;
    const auto found = endpoint_of(host, port);
    if (!found)
        return found.error();
    const auto& endpoint = *found;
    auto acceptor = std::make_shared<Acceptor>(executor_);
    acceptor->open(endpoint.protocol(), error);
    if (!error)
        acceptor->set_option(asio::socket_base::reuse_address(true), error);
    if (!error)
        acceptor->bind(endpoint, error);
    if (!error)
        acceptor->listen(asio::socket_base::max_listen_connections, error);
    if (error)
        return cannot_listen(host + ":" + port, error.message());
    addresses_.push_back((sessions_->tls ? "https://" : "http://") + text_of(to_tcp(acceptor->local_endpoint())));
    acceptors_.push_back(std::move(acceptor));
    return {};
}

Result<void> Server::listen_unix(const std::string& path, SocketFile access)
{
    using asio::local::stream_protocol;
    boost::system::error_code error;
    if (path.size() >= sizeof(sockaddr_un{}.sun_path))
        return cannot_listen(path, "the path is too long for a Unix socket");
    if (std::filesystem::is_socket(path)) {
        stream_protocol::socket probe(executor_);
        probe.connect(stream_protocol::endpoint(path), error);
        if (!error)
            return cannot_listen(path, "another process listens there");
        std::filesystem::remove(path);
    }
    auto acceptor = std::make_shared<Acceptor>(executor_);
    const stream_protocol::endpoint endpoint(path);
    acceptor->open(endpoint.protocol(), error);
    if (!error)
        acceptor->bind(endpoint, error);
    if (!error)
        acceptor->listen(asio::socket_base::max_listen_connections, error);
    if (!error && access == SocketFile::everybodys)
        std::filesystem::permissions(path, std::filesystem::perms(0666), error);
    if (error)
        return cannot_listen(path, error.message());
    socket_files_.push_back(path);
    addresses_.push_back("unix:" + path);
    acceptors_.push_back(std::move(acceptor));
    return {};
}

Result<void> Server::adopt(int descriptor)
{
    boost::system::error_code error;
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) // the C API's own way
        error.assign(errno, boost::system::system_category());
    auto acceptor = std::make_shared<Acceptor>(executor_);
    if (!error)
        acceptor->assign(asio::generic::stream_protocol(address.ss_family, 0), descriptor, error);
    if (error)
        return cannot_listen("the socket that was passed as descriptor " + std::to_string(descriptor), error.message());
    if (address.ss_family == AF_UNIX) {
        const auto* local = reinterpret_cast<const sockaddr_un*>(&address);
        addresses_.push_back("unix:" + std::string(local->sun_path));
    } else {
        addresses_.push_back((sessions_->tls ? "https://" : "http://") + text_of(to_tcp(acceptor->local_endpoint())));
    }
    acceptors_.push_back(std::move(acceptor));
    return {};
}

void Server::start()
{
    for (const auto& acceptor : acceptors_)
        asio::co_spawn(executor_, accept(acceptor, sessions_), asio::detached);
}

awaitable<void> Server::accept(std::shared_ptr<Acceptor> acceptor, std::shared_ptr<Sessions> sessions)
{
    asio::steady_timer pause(acceptor->get_executor());
    boost::system::error_code ignored; // then they come one by one
    acceptor->non_blocking(true, ignored);
    for (;;) {
        Socket socket(acceptor->get_executor());
        auto [error] = co_await acceptor->async_accept(socket, as_result);
        // When there are too many requests under way, whoever comes waits until one is answered.
        while (!error && sessions->full() && !sessions->make_room()) {
            constexpr std::chrono::milliseconds retry{20};
            pause.expires_after(retry);
            co_await pause.async_wait(as_result);
        }
        if (!error) // also when we stopped accepting meanwhile: this one has left the kernel's queue and has only us
            Sessions::begin(sessions, std::move(socket));
        if (!acceptor->is_open())
            co_return;
        if (!error) {
            accept_waiting(*acceptor, sessions);
            continue;
        }
        // Out of file descriptors, most likely: trying again at once would only burn the processor.
        log::warn("a connection could not be accepted", {{"error", error.message()}});
        constexpr std::chrono::milliseconds breather{100};
        pause.expires_after(breather);
        co_await pause.async_wait(as_result);
    }
}

// Those behind it in the kernel's queue: one in each turn of the loop would keep newcomers waiting for all that is
// asked on the connections that are open.
void Server::accept_waiting(Acceptor& acceptor, const std::shared_ptr<Sessions>& sessions)
{
    if (!acceptor.non_blocking())
        return;
    constexpr int most = 64;
    for (int i = 0; i < most && !sessions->full(); ++i) {
        Socket socket(acceptor.get_executor());
        boost::system::error_code error; // that nobody waits, or what the next wait says as well
        acceptor.accept(socket, error);
        if (error)
            return;
        Sessions::begin(sessions, std::move(socket));
    }
}

awaitable<void> Server::drain(std::chrono::milliseconds patience)
{
    for (const auto& acceptor : acceptors_)
        acceptor->close();
    sessions_->context->draining = true;
    const auto running = sessions_->running; // closing may end a session while we walk
    for (const auto& [key, session] : running)
        session->drain();
    asio::steady_timer tick(executor_);
    constexpr std::chrono::milliseconds interval{10};
    for (auto waited = std::chrono::milliseconds{0}; waited < patience && !sessions_->running.empty();
         waited += interval) {
        tick.expires_after(interval);
        co_await tick.async_wait(as_result);
    }
    const auto left = sessions_->running;
    for (const auto& [key, session] : left)
        session->close();
}

} // namespace nomadic::proxy
