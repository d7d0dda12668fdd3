#pragma once

// Listens, accepts, and owns the sessions. Loop thread.

#include "proxy/net/session.hpp"

#include <map>

namespace nomadic::proxy {

class Server {
public:
    // `tls` may be null; it is for the TCP listeners only.
    Server(const asio::any_io_executor& executor, std::shared_ptr<SessionContext> context,
           std::shared_ptr<asio::ssl::context> tls);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    // Errc::invalid_configuration, with what to do, when the address can't be listened on. Resolves names; start only.
    Result<void> listen_tcp(const std::string& host, const std::string& port);
    // A socket file that nobody listens on any more is replaced; one that is in use is not. Everybody's: who may go on
    // is for the handler to decide, by the peer's credentials.
    enum class SocketFile { owners, everybodys };
    Result<void> listen_unix(const std::string& path, SocketFile access = SocketFile::owners);
    // A socket that listens already, TCP or Unix, such as systemd passes. Takes it over, but not its file: who made
    // that keeps it, and keeps the socket open when we go, so that whoever connects meanwhile waits for the next of us.
    Result<void> adopt(int descriptor);

    void start();
    std::vector<std::string> addresses() const { return addresses_; } // "http://127.0.0.1:8765", "unix:/run/..."

    // Stops accepting, lets answers under way finish, and returns when all are done or `patience` is over.
    awaitable<void> drain(std::chrono::milliseconds patience);
    std::size_t sessions() const;

private:
    using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
    struct Sessions; // outlives the server while a session still runs

    static awaitable<void> accept(std::shared_ptr<Acceptor> acceptor, std::shared_ptr<Sessions> sessions);
    static void accept_waiting(Acceptor& acceptor, const std::shared_ptr<Sessions>& sessions);

    asio::any_io_executor executor_;
    std::shared_ptr<Sessions> sessions_;
    std::vector<std::shared_ptr<Acceptor>> acceptors_;
    std::vector<std::string> addresses_;
    std::vector<std::string> socket_files_; // ours to remove
};

} // namespace nomadic::proxy
