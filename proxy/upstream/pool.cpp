#include "proxy/upstream/pool.hpp"

namespace nomadic::proxy {

Pool::Lease::~Lease()
{
    if (!pool_)
        return;
    transport_->deadline().never();
    if (reusable_)
        pool_->keep(std::move(transport_));
}

awaitable<Result<Pool::Lease>> Pool::borrow(Freshness freshness, Line line)
{
    constexpr std::chrono::seconds recently{1};
    std::optional<Gate::Pass> place;
    if (line == Line::ours) {
        auto pass = co_await places_.enter();
        place.emplace(std::move(pass));
    }
    if (freshness != Freshness::fresh)
        if (auto idle = take_idle(freshness == Freshness::recent ? recently : idle_timeout_))
            co_return Lease(shared_from_this(), std::move(place), std::move(idle), true);
    auto transport = co_await connector_->connect();
    if (!transport)
        co_return transport.error();
    co_return Lease(shared_from_this(), std::move(place), std::move(*transport), false);
}

std::shared_ptr<Transport> Pool::take_idle(std::chrono::milliseconds youth)
{
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(idle_, [&](const Idle& idle) { return now - idle.since >= idle_timeout_; });
    while (!idle_.empty() && now - idle_.back().since < youth) {
        auto transport = std::move(idle_.back().transport);
        idle_.pop_back();
        if (transport->still_open())
            return transport;
    }
    return nullptr;
}

void Pool::keep(std::shared_ptr<Transport> transport)
{
    if (idle_.size() >= most_)
        idle_.erase(idle_.begin()); // the one that has waited longest
    idle_.push_back({std::move(transport), std::chrono::steady_clock::now()});
}

} // namespace nomadic::proxy
