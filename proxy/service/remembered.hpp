#pragma once

// One thing about each of the batches that were asked for lately. Beyond a bound all is forgotten: what is kept here
// must be such that nothing worse than a request more follows. Loop thread.

#include "cache/key.hpp"

#include <map>

namespace nomadic::proxy {

template <class T>
class Remembered {
public:
    // Made when it is not there.
    T& of(const cache::Key& key)
    {
        constexpr std::size_t most_batches = 4096;
        if (batches_.size() >= most_batches && !batches_.contains(key))
            batches_.clear();
        return batches_[key];
    }
    // Null when there is none.
    const T* find(const cache::Key& key) const
    {
        const auto found = batches_.find(key);
        return found == batches_.end() ? nullptr : &found->second;
    }
    void erase(const cache::Key& key) { batches_.erase(key); }

private:
    std::map<cache::Key, T> batches_;
};

} // namespace nomadic::proxy
