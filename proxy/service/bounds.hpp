#pragma once

// Keeps the store within cache.disk_quota and cache.min_free_disk: room is made before something is written, and given
// back after something has gone, in small steps between which others write. Loop thread.

#include "cache/async_store.hpp"
#include "config/settings.hpp"

#include <functional>

namespace nomadic::proxy {

template <class T>
using awaitable = boost::asio::awaitable<T>;

class Bounds {
public:
    using Evicted = std::function<void(const cache::Key&)>;
    Bounds(const config::Cache& settings, cache::AsyncStore& store, Evicted evicted)
        : quota_(settings.disk_quota), min_free_(settings.min_free_disk), store_(store), evicted_(std::move(evicted))
    {}

    // Space that somebody is about to use; others' room is beside it for as long as this lives.
    class Room {
    public:
        Room(std::shared_ptr<std::uint64_t> reserved, std::uint64_t bytes)
            : reserved_(std::move(reserved)), bytes_(bytes)
        {
            *reserved_ += bytes_;
        }
        Room(Room&& other) noexcept : reserved_(std::move(other.reserved_)), bytes_(other.bytes_) {}
        Room& operator=(Room&&) = delete;
        ~Room()
        {
            if (reserved_)
                *reserved_ -= bytes_;
        }

    private:
        std::shared_ptr<std::uint64_t> reserved_; // null when moved from
        std::uint64_t bytes_;
    };

    // Evicts until `bytes` more fit. Errc::store_failed when they can't, saying which bound is in the way.
    awaitable<Result<Room>> make_room(std::uint64_t bytes);
    // The same for what passes: nothing is evicted for it. Errc::no_room when it does not fit.
    awaitable<Result<Room>> find_room(std::uint64_t bytes);
    // Removes what has been discarded, and gives the space back if the store is over its quota.
    awaitable<Result<void>> sweep();

    void reconfigure(const config::Cache& settings)
    {
        quota_ = settings.disk_quota;
        min_free_ = settings.min_free_disk;
    }
    std::uint64_t quota() const { return quota_; }
    std::uint64_t evictions() const { return evictions_; }

private:
    struct Measure {
        std::uint64_t used = 0, free = 0; // bytes: ours, temporary files included; and left on the file system
    };
    awaitable<Result<Measure>> measure();
    bool fits(const Measure& now) const { return now.used <= target(now) && now.free >= min_free_ + *reserved_; }
    // The most that the database may have for what is reserved to be within both bounds.
    std::uint64_t target(const Measure& now) const;
    awaitable<Result<void>> evict(std::uint64_t most_bytes);

    std::uint64_t quota_;
    std::uint64_t min_free_;
    cache::AsyncStore& store_;
    Evicted evicted_;
    std::uint64_t evictions_ = 0;
    std::shared_ptr<std::uint64_t> reserved_ = std::make_shared<std::uint64_t>(0);
};

} // namespace nomadic::proxy
