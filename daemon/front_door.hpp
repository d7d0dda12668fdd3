#pragma once

// Where every request comes in: who may, which route answers, what all answers have in common, and what is counted and
// logged of them. Loop thread.

#include "base/clock.hpp"
#include "proxy/http/host_guard.hpp"
#include "proxy/http/metrics.hpp"
#include "proxy/http/peer_guard.hpp"
#include "proxy/http/router.hpp"
#include "proxy/service/renderings.hpp"

namespace nomadic::daemon {

class FrontDoor {
public:
    FrontDoor(proxy::PeerGuard peers, proxy::HostGuard hosts, proxy::Renderings& renderings, const Clock& clock)
        : peers_(std::move(peers)), hosts_(std::move(hosts)), renderings_(renderings), clock_(clock)
    {}

    proxy::awaitable<proxy::Response> handle(proxy::Request& request);

    proxy::Router& router() { return router_; }
    const proxy::Metrics& metrics() const { return metrics_; }
    const proxy::PeerGuard& peers() const { return peers_; }
    // From the next request on.
    void set_hosts(proxy::HostGuard hosts) { hosts_ = std::move(hosts); }

private:
    proxy::awaitable<proxy::Response> answer(proxy::Request& request);
    // What counts and logs such an answer.
    proxy::Repeat::Note note_of(const proxy::Request& request, const proxy::Response& response);

    proxy::PeerGuard peers_;
    proxy::HostGuard hosts_;
    proxy::Renderings& renderings_;
    const Clock& clock_;
    proxy::Metrics metrics_;
    proxy::Router router_;
};

} // namespace nomadic::daemon
