#include "proxy/service/growth.hpp"

namespace nomadic::proxy {

namespace {

Failure gone()
{
    return {.code = Errc::cancelled, .detail = "The client went away.", .members = {}};
}

} // namespace

void Growth::advance(cache::HotEntry entry, std::uint64_t grown)
{
    entry_ = std::move(entry);
    grown_ = grown;
    changed();
}

void Growth::end(Result<cache::HotEntry> whole)
{
    if (whole)
        grown_ = whole->body->size();
    entry_ = std::move(whole);
    ended_ = true;
    changed();
}

awaitable<Result<cache::HotEntry>> Growth::begun()
{
    while (!entry_) {
        const bool changed = co_await change();
        if (!changed)
            co_return gone();
    }
    co_return *entry_;
}

awaitable<Result<std::uint64_t>> Growth::beyond(std::uint64_t offset)
{
    while (grown_ <= offset && !ended_) {
        const bool changed = co_await change();
        if (!changed)
            co_return gone();
    }
    if (grown_ > offset)
        co_return grown_;
    co_return entry_->error();
}

awaitable<bool> Growth::change()
{
    const auto before = changes_;
    co_await changed_.async_wait(as_result);
    co_return changes_ != before;
}

void Growth::changed()
{
    ++changes_;
    changed_.cancel();
}

} // namespace nomadic::proxy
