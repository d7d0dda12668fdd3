#include "config/reload.hpp"

#include "config/table.hpp"

namespace nomadic::config {

namespace {

// The values themselves: what is shown of a secret is only how many there are.
bool same(const Setting& setting, Settings& left, Settings& right)
{
    const auto slot = setting.slot(left);
    if (const auto* list = std::get_if<std::vector<std::string>*>(&slot))
        return **list == *std::get<std::vector<std::string>*>(setting.slot(right));
    return value_text(setting, left) == value_text(setting, right);
}

std::vector<std::string> differing(Settings& left, Settings& right)
{
    std::vector<std::string> names;
    for (const auto& setting : settings_table())
        if (!same(setting, left, right))
            names.push_back(setting.name());
    return names;
}

// The rest is bound to sockets, files, threads and connections that are made at start.
void take_what_can_change(Settings& running, const Settings& next)
{
    running.server.bearer_tokens = next.server.bearer_tokens;
    running.server.bearer_tokens_file = next.server.bearer_tokens_file;
    running.server.allowed_hosts = next.server.allowed_hosts;
    running.server.allowed_origins = next.server.allowed_origins;
    running.cache.fresh_pending = next.cache.fresh_pending;
    running.cache.fresh_reviewed = next.cache.fresh_reviewed;
    running.cache.fresh_failed = next.cache.fresh_failed;
    running.cache.freshness_rules = next.cache.freshness_rules;
    running.cache.stale_while_revalidate = next.cache.stale_while_revalidate;
    running.cache.stale_if_error = next.cache.stale_if_error;
    running.cache.disk_quota = next.cache.disk_quota;
    running.history = next.history;
    const auto worker_threads = running.limits.worker_threads;
    running.limits = next.limits;
    running.limits.worker_threads = worker_threads;
    running.log = next.log;
}

} // namespace

Reloaded reload(Settings& running, Settings next)
{
    auto before = running;
    take_what_can_change(running, next);
    return {differing(before, running), differing(running, next)};
}

} // namespace nomadic::config
