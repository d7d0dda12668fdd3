#include "proxy/service/running_batches.hpp"

namespace nomadic::proxy {

std::shared_ptr<const StatusAnswer> RunningBatches::find(const cache::Key& key) const
{
    const auto found = seen_.find(key);
    return found != seen_.end() && young(found->second) ? found->second.status : nullptr;
}

void RunningBatches::seen(const cache::Key& key, std::shared_ptr<const StatusAnswer> status)
{
    std::erase_if(seen_, [this](const auto& entry) { return !young(entry.second); });
    seen_[key] = {clock_.now(), std::move(status)};
}

} // namespace nomadic::proxy
