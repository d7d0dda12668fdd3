#pragma once

// Which users of this machine may come in through the Unix socket: our own, and those listed, as the kernel names them.
// Pure once made; loop thread.

#include "config/settings.hpp"
#include "proxy/http/message.hpp"

namespace nomadic::proxy {

class PeerGuard {
public:
    // Looks up names; start only. Errc::invalid_configuration for a user or group that there is not.
    static Result<PeerGuard> make(const config::Server& server);

    // Errc::forbidden; a TCP peer always passes.
    Result<void> check(const Peer& peer) const;
    bool lets_others_in() const { return !users_.empty() || !groups_.empty(); }

private:
    unsigned own_user_ = 0;
    std::vector<unsigned> users_, groups_;
};

} // namespace nomadic::proxy
