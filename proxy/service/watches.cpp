#include "proxy/service/watches.hpp"

#include "base/log.hpp"
#include "proxy/upstream/refusal.hpp"

namespace nomadic::proxy {

awaitable<Watcher::Wake> Watcher::wait(std::chrono::milliseconds patience)
{
    const auto happened = [this] { return news_ || over_ || refusal_; };
    if (!happened()) {
        timer_.expires_after(patience);
        co_await timer_.async_wait(as_result);
    }
    if (over_)
        co_return Wake::over;
    if (refusal_)
        co_return Wake::refused;
    co_return std::exchange(news_, false) ? Wake::news : Wake::quiet;
}

Watches::Watches(const config::Settings& settings, BatchService& batches, const asio::any_io_executor& executor)
    : watch_interval_(settings.upstream.watch_interval),
      poll_interval_(settings.upstream.poll_interval),
      batches_(batches),
      executor_(executor)
{
    batches_.on_stored = [this](const cache::Snapshot& snapshot) { stored(snapshot); };
}

std::shared_ptr<Watcher> Watches::watch(const cache::Key& key, Want want, std::function<bool()> is_gone)
{
    auto watcher = std::make_shared<Watcher>(executor_, std::move(want), std::move(is_gone));
    watcher->over_ = closed_;
    auto& watched = watched_[key];
    const bool first = !watched;
    if (first)
        watched = std::make_shared<Watched>(executor_);
    watched->watchers.push_back(watcher);
    if (first && !batches_.offline())
        asio::co_spawn(executor_, poll(*this, key, watched), asio::detached);
    return watcher;
}

void Watches::close()
{
    closed_ = true;
    for (const auto& [key, watched] : watched_) {
        watched->next.cancel();
        for (const auto& weak : watched->watchers)
            if (const auto watcher = weak.lock()) {
                watcher->over_ = true;
                watcher->wake();
            }
    }
}

std::size_t Watches::watched(const cache::Key& key) const
{
    const auto found = watched_.find(key);
    if (found == watched_.end())
        return 0;
    const auto& all = found->second->watchers;
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const auto& watcher) { return !watcher.expired(); }));
}

std::size_t Watches::watchers() const
{
    std::size_t count = 0;
    for (const auto& [key, watched] : watched_)
        count += this->watched(key);
    return count;
}

void Watches::stored(const cache::Snapshot& snapshot)
{
    const auto found = watched_.find(snapshot.key);
    if (found == watched_.end() || std::exchange(found->second->snapshot, snapshot.id) == snapshot.id)
        return;
    for (const auto& weak : found->second->watchers)
        if (const auto watcher = weak.lock()) {
            watcher->news_ = true;
            watcher->wake();
        }
}

std::shared_ptr<Watcher> Watches::first_present(Watched& watched)
{
    while (!watched.watchers.empty()) {
        auto watcher = watched.watchers.front().lock();
        if (watcher && !watcher->over_ && !watcher->refusal_ && !watcher->is_gone_())
            return watcher;
        watched.watchers.pop_front();
        if (watcher) {
            watcher->over_ = true;
            watcher->wake();
        }
    }
    return nullptr;
}

awaitable<void> Watches::poll(Watches& self, cache::Key key, WatchedPointer watched)
{
    // Whoever begins to watch has just been given the batch: the first question can wait.
    auto interval = std::min(self.poll_interval_, self.watch_interval_);
    for (;;) {
        watched->next.expires_after(interval);
        co_await watched->next.async_wait(as_result);
        auto watcher = first_present(*watched);
        if (!watcher || self.closed_)
            break;
        interval = co_await self.ask(key, std::move(watcher));
    }
    if (const auto found = self.watched_.find(key); found != self.watched_.end() && found->second == watched)
        self.watched_.erase(found);
}

awaitable<std::chrono::milliseconds> Watches::ask(cache::Key key, std::shared_ptr<Watcher> watcher)
{
    auto want = watcher->want_;
    auto answer = co_await batches_.revalidate(key, want);
    if (answer)
        co_return watch_interval_;
    if (answer.error().code == Errc::not_completed)
        co_return poll_interval_;
    log::warn("a watched batch could not be asked for", {{"batch_id", key.batch_id}, {"error", answer.error().detail}});
    if (is_refusal(answer.error())) {
        watcher->refusal_ = answer.error();
        watcher->wake();
    }
    co_return watch_interval_;
}

} // namespace nomadic::proxy
