#pragma once

// Who watches which batch. A watched batch is asked for at an interval, once however many watch it, and on behalf of
// one of them; when another state of it has been stored, by whatever request, all are woken. What nobody watches is not
// asked for. Loop thread.

#include "proxy/service/batch_service.hpp"

#include <list>

namespace nomadic::proxy {

// One who watches. Remembers only that there is news, not which: a slow reader costs no memory.
class Watcher {
public:
    enum class Wake { news, quiet, refused, over };

    Watcher(const asio::any_io_executor& executor, Want want, std::function<bool()> is_gone)
        : timer_(executor), want_(std::move(want)), is_gone_(std::move(is_gone))
    {}

    // Until something has happened, or nothing for `patience`.
    awaitable<Wake> wait(std::chrono::milliseconds patience);
    const Failure& refusal() const { return *refusal_; }

private:
    friend class Watches;
    void wake() { timer_.cancel(); }

    asio::steady_timer timer_;
    Want want_;
    std::function<bool()> is_gone_; // the client has closed its connection
    bool news_ = false;
    bool over_ = false;
    std::optional<Failure> refusal_; // upstream's, to this one
};

class Watches {
public:
    Watches(const config::Settings& settings, BatchService& batches, const asio::any_io_executor& executor);

    // Watches as long as what it returns lives.
    std::shared_ptr<Watcher> watch(const cache::Key& key, Want want, std::function<bool()> is_gone);
    void close(); // all streams end, and none begins
    std::size_t watched(const cache::Key& key) const;
    std::size_t watchers() const;

private:
    struct Watched {
        explicit Watched(const asio::any_io_executor& executor) : next(executor) {}
        std::list<std::weak_ptr<Watcher>> watchers;
        asio::steady_timer next; // when it is asked for again
        std::int64_t snapshot = 0;
    };
    using WatchedPointer = std::shared_ptr<Watched>;

    void stored(const cache::Snapshot& snapshot);
    static awaitable<void> poll(Watches& self, cache::Key key, WatchedPointer watched);
    awaitable<std::chrono::milliseconds> ask(cache::Key key, std::shared_ptr<Watcher> watcher);
    static std::shared_ptr<Watcher> first_present(Watched& watched);

    std::chrono::milliseconds watch_interval_, poll_interval_;
    BatchService& batches_;
    asio::any_io_executor executor_;
    std::map<cache::Key, WatchedPointer> watched_;
    bool closed_ = false;
};

} // namespace nomadic::proxy
