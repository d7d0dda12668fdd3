#include "proxy/upstream/pool.hpp"

namespace nomadic::proxy {

Pool::Lease::~Lease()
{
    if (!pool_)
        return;
    transport_->deadline().never();
    if (reusable_)
        pool_->keep(std::move(transport_));
    if (line_ == Line::ours)
        pool_->release_place();
}

awaitable<Result<Pool::Lease>> Pool::borrow(Freshness freshness, Line line)
{
    constexpr std::chrono::seconds recently{1};
    if (line == Line::ours)
        co_await take_place();
    if (freshness != Freshness::fresh)
        if (auto idle = take_idle(freshness == Freshness::recent ? recently : idle_timeout_))
            co_return Lease(shared_from_this(), std::move(idle), true, line);
    auto transport = co_await connector_->connect();
    if (!transport) {
        if (line == Line::ours)
            release_place();
        co_return transport.error();
    }
    co_return Lease(shared_from_this(), std::move(*transport), false, line);
}

awaitable<void> Pool::take_place()
{
    if (free_ == 0) {
        auto turn = std::make_shared<Signal>(executor_);
        waiting_.push_back(turn);
        co_await turn->wait(); // whoever wakes us leaves us the place
        co_return;
    }
    --free_;
}

void Pool::release_place()
{
    if (waiting_.empty()) {
        ++free_;
        return;
    }
    waiting_.front()->fire();
    waiting_.pop_front();
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
