#pragma once

// What the upstream is asked of a batch: once, however many want to know. What it says is for all of them, but a
// refusal is meant for the key that was asked with: whoever waited with another asks with that. Loop thread.

#include "cache/key.hpp"
#include "proxy/service/single_flight.hpp"
#include "proxy/upstream/refusal.hpp"

namespace nomadic::proxy {

// The leader is known by its key.
template <class T>
using Questions = SingleFlight<cache::Key, T, Credential>;

template <class T>
struct Said {
    Result<T> outcome;
    Role role = Role::leader;
};

// `work` asks with `credential`. A caller that goes away ends only its own waiting.
template <class T>
awaitable<Said<T>> ask(Questions<T>& questions, cache::Key key, Credential credential, typename Questions<T>::Work work)
{
    for (;;) {
        auto [flight, role] = questions.join(key, work, credential);
        auto outcome = co_await flight->wait();
        const auto& asked_with = flight->leader();
        const bool own = !credential || !asked_with || credential->equals(asked_with->reveal());
        if (own || outcome || !is_refusal(outcome.error()))
            co_return Said<T>{std::move(outcome), role};
    }
}

} // namespace nomadic::proxy
