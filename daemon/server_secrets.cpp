#include "daemon/server_secrets.hpp"

#include "config/private_file.hpp"
#include "config/validate.hpp"

#include <sstream>

namespace nomadic::daemon {

Result<std::vector<std::shared_ptr<const Secret>>> read_tokens(const config::Server& server)
{
    std::vector<std::shared_ptr<const Secret>> tokens;
    for (const auto& token : server.bearer_tokens)
        tokens.push_back(std::make_shared<const Secret>(token));
    if (server.bearer_tokens_file.empty())
        return tokens;
    auto text = config::read_private_file(server.bearer_tokens_file, "server.bearer_tokens_file");
    if (!text)
        return text.error();
    std::istringstream lines(std::move(*text));
    bool all_sendable = true;
    for (std::string line; std::getline(lines, line);) {
        while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
            line.pop_back();
        if (line.empty())
            continue;
        all_sendable = all_sendable && config::is_sendable(line);
        tokens.push_back(std::make_shared<const Secret>(line));
    }
    if (tokens.empty() || !all_sendable)
        return Failure{.code = Errc::invalid_configuration,
                       .detail = "server.bearer_tokens_file: " + server.bearer_tokens_file +
                                 " holds no token, or a line that is none. Put one token on each line, without "
                                 "spaces or comments.",
                       .members = {}};
    return tokens;
}

Result<std::shared_ptr<boost::asio::ssl::context>> server_tls(const config::Server& server)
{
    if (server.tls_certificate.empty())
        return std::shared_ptr<boost::asio::ssl::context>{};
    auto tls = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
    tls->set_options(boost::asio::ssl::context::no_tlsv1 | boost::asio::ssl::context::no_tlsv1_1);
    boost::system::error_code error;
    tls->use_certificate_chain_file(server.tls_certificate, error);
    if (!error)
        tls->use_private_key_file(server.tls_key, boost::asio::ssl::context::pem, error);
    if (error)
        return Failure{.code = Errc::invalid_configuration,
                       .detail = "server.tls_certificate, server.tls_key: they can't be used: " + error.message() +
                                 ". Both must be readable PEM files that belong together.",
                       .members = {}};
    return tls;
}

} // namespace nomadic::daemon
