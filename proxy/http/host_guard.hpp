#pragma once

// Who may talk to us at all, before any route looks at a request: a Host that is ours (a page that rebinds its name to
// 127.0.0.1 is not), no stranger's page behind it, a local token where tokens are configured. Loop thread.

#include "base/secret.hpp"
#include "config/settings.hpp"
#include "proxy/http/message.hpp"

namespace nomadic::proxy {

class HostGuard {
public:
    // `tokens` are the local bearer tokens; none: being able to connect is enough.
    HostGuard(const config::Server& server, std::vector<std::shared_ptr<const Secret>> tokens);

    // Misdirected, forbidden or unauthorized; nothing when the request may pass.
    Result<void> check(const Request& request) const;

    // The answer to a browser that asks whether a page of a listed origin may send what it wants to (CORS); check() has
    // let it pass. Nothing for any other request.
    std::optional<Response> preflight(const Request& request) const;

    // Lets a page of a listed origin read the answer (CORS); no other page may.
    void allow_origin(const Request& request, Response& response) const;

    // With local tokens, `Authorization` is ours and must not go upstream.
    bool uses_tokens() const { return !tokens_.empty(); }

private:
    bool is_ours(std::string_view authority) const;
    Result<void> check_page(const Request& request, std::string_view host) const;
    Result<void> check_token(const Request& request) const;
    bool is_listed(std::string_view origin) const;

    std::vector<std::string> hosts_;
    std::vector<std::string> origins_;
    std::vector<std::shared_ptr<const Secret>> tokens_;
};

} // namespace nomadic::proxy
