#pragma once

// One piece of work per id, however many want its outcome. The work runs detached from whoever asked first: a caller
// that goes away cancels only its own waiting. Followers get the leader's outcome, good or bad. Loop thread.

#include "base/error.hpp"
#include "proxy/net/signal.hpp"

#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace nomadic::proxy {

struct Anybody {};

// `Leader` is what is known of whoever asked first.
template <class T, class Leader = Anybody>
class Flight {
public:
    Flight(const asio::any_io_executor& executor, Leader leader) : landed_(executor), leader_(std::move(leader)) {}

    const Leader& leader() const { return leader_; }
    bool has_landed() const { return landed_.fired(); }
    // A superseded flight carries news from before a write: what it brings must not be taken for the truth.
    bool superseded() const { return superseded_; }
    void supersede() { superseded_ = true; }

    awaitable<Result<T>> wait()
    {
        const bool landed = co_await landed_.wait();
        if (!landed)
            co_return Failure{.code = Errc::cancelled, .detail = "The client went away.", .members = {}};
        co_return *outcome_;
    }
    void land(Result<T> outcome)
    {
        outcome_ = std::move(outcome);
        landed_.fire();
    }

private:
    Signal landed_;
    Leader leader_;
    std::optional<Result<T>> outcome_;
    bool superseded_ = false;
};

enum class Role { leader, follower };

template <class Id, class T, class Leader = Anybody>
class SingleFlight {
public:
    using FlightPointer = std::shared_ptr<Flight<T, Leader>>;
    using Work = std::function<awaitable<Result<T>>(FlightPointer)>;

    explicit SingleFlight(asio::any_io_executor executor)
        : executor_(std::move(executor)), flights_(std::make_shared<Flights>())
    {}

    // The flight under way for `id`, or a new one that runs `work`.
    std::pair<FlightPointer, Role> join(const Id& id, Work work, Leader leader = {})
    {
        if (auto found = flights_->find(id); found != flights_->end())
            return {found->second, Role::follower};
        auto flight = std::make_shared<Flight<T, Leader>>(executor_, std::move(leader));
        flights_->emplace(id, flight);
        asio::co_spawn(executor_, lead(flights_, id, flight, std::move(work)), asio::detached);
        return {flight, Role::leader};
    }

    FlightPointer find(const Id& id) const
    {
        auto found = flights_->find(id);
        return found == flights_->end() ? nullptr : found->second;
    }

    // Lets those who wait have their outcome, and makes whoever asks from now on start a new flight.
    void supersede(const Id& id)
    {
        if (auto found = flights_->find(id); found != flights_->end()) {
            found->second->supersede();
            flights_->erase(found);
        }
    }

    std::size_t size() const { return flights_->size(); }

private:
    using Flights = std::map<Id, FlightPointer>;

    static awaitable<void> lead(std::shared_ptr<Flights> flights, Id id, FlightPointer flight, Work work)
    {
        Result<T> outcome =
            Failure{.code = Errc::internal, .detail = "The work ended without an outcome.", .members = {}};
        try {
            outcome = co_await work(flight);
        } catch (const std::exception& bug) {
            outcome = Failure{.code = Errc::internal, .detail = bug.what(), .members = {}};
        }
        if (auto found = flights->find(id); found != flights->end() && found->second == flight)
            flights->erase(found);
        flight->land(std::move(outcome));
    }

    asio::any_io_executor executor_;
    std::shared_ptr<Flights> flights_; // shared with the flights, which may land after we are gone
};

} // namespace nomadic::proxy
