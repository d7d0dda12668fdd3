#include "proxy/service/bounds.hpp"

#include "base/log.hpp"
#include "base/units.hpp"
#include "cache/body.hpp"

#include <algorithm>

namespace nomadic::proxy {

namespace {

std::uint64_t less(std::uint64_t from, std::uint64_t take)
{
    return from - std::min(from, take);
}

} // namespace

awaitable<Result<Bounds::Measure>> Bounds::measure()
{
    auto look = [](cache::Store& store) -> Result<Measure> {
        auto used = store.disk_bytes();
        auto left = store.free_disk_bytes();
        if (!used || !left)
            return used ? left.error() : used.error();
        return Measure{*used, *left};
    };
    co_return co_await store_.write(look);
}

std::uint64_t Bounds::target(const Measure& now) const
{
    // What removing itself has to write first, and small writes that nobody makes room for.
    constexpr std::uint64_t most_headroom = std::uint64_t{1} << 20U;
    const auto headroom = std::min(quota_ / 8, most_headroom);
    const auto by_quota = less(quota_, headroom + *reserved_ + cache::spooled_bytes());
    const auto short_of = less(min_free_ + *reserved_, now.free);
    return std::min(by_quota, short_of == 0 ? by_quota : less(now.used, short_of));
}

awaitable<Result<void>> Bounds::evict(std::uint64_t most_bytes)
{
    for (bool more = true; more;) {
        auto step_back = [most_bytes](cache::Store& store) { return store.evict(most_bytes); };
        auto step = co_await store_.write(step_back);
        if (!step)
            co_return step.error();
        more = step->more;
        if (!step->gone)
            continue;
        ++evictions_;
        evicted_(*step->gone);
        log::info("a batch was evicted to stay within cache.disk_quota and cache.min_free_disk",
                  {{"batch_id", step->gone->batch_id}});
    }
    co_return Result<void>{};
}

awaitable<Result<Bounds::Room>> Bounds::make_room(std::uint64_t bytes)
{
    Room room(reserved_, bytes);
    auto now = co_await measure();
    if (!now)
        co_return now.error();
    if (fits(*now))
        co_return std::move(room);
    auto evicted = co_await evict(target(*now));
    if (!evicted)
        co_return evicted.error();
    now = co_await measure();
    if (!now)
        co_return now.error();
    const bool disk_short = now->free < min_free_ + *reserved_;
    if (!disk_short && now->used <= target(*now))
        co_return std::move(room);
    co_return Failure{.code = Errc::store_failed,
                      .detail = disk_short
                                    ? "Less disk space is left than cache.min_free_disk asks for (" +
                                          format_size(min_free_) + "). Free some, or lower it."
                                    : "There is no room within cache.disk_quota (" + format_size(quota_) +
                                          "): what is stored is pinned or in use. Raise it, or remove something with "
                                          "'nomadic-cached purge'.",
                      .members = {}};
}

awaitable<Result<Bounds::Room>> Bounds::find_room(std::uint64_t bytes)
{
    Room room(reserved_, bytes);
    const auto now = co_await measure();
    if (!now)
        co_return now.error();
    if (fits(*now))
        co_return std::move(room);
    constexpr std::chrono::seconds later{60};
    co_return Failure{.code = Errc::no_room,
                      .detail = "There is no room for it within cache.disk_quota (" + format_size(quota_) +
                                ") and cache.min_free_disk (" + format_size(min_free_) +
                                "), and nothing that is stored is removed for it.",
                      .members = {},
                      .retry_after = later};
}

awaitable<Result<void>> Bounds::sweep()
{
    auto now = co_await measure();
    if (!now)
        co_return now.error();
    co_return co_await evict(target(*now));
}

} // namespace nomadic::proxy
