#pragma once

// The memory of the batches that are not in the store, all of them together (cache.held_bytes). Any thread: who is last
// to read such a batch lets go of it, wherever that is.

#include "batch/batch.hpp"

#include <atomic>
#include <memory>

namespace nomadic::proxy {

class HeldMemory {
    struct Account {
        std::uint64_t most; // bytes
        std::atomic<std::uint64_t> taken = 0;
    };

public:
    explicit HeldMemory(std::uint64_t most_bytes) : account_(std::make_shared<Account>(most_bytes)) {}

    // What one batch has of it; given back when this goes.
    class Share {
    public:
        explicit Share(const HeldMemory& memory) : account_(memory.account_) {}
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() { account_->taken -= taken_; }

        // False when so much more does not fit; nothing has changed then. One thread at a time.
        bool grow(std::uint64_t bytes);

    private:
        std::shared_ptr<Account> account_;
        std::uint64_t taken_ = 0;
    };

    std::uint64_t most() const { return account_->most; }
    std::uint64_t taken() const { return account_->taken; }

private:
    std::shared_ptr<Account> account_;
};

// What these take in memory, in bytes.
std::uint64_t memory_of(const batch::StatusDocument& status);
std::uint64_t memory_of(const batch::VideoRecord& record);

} // namespace nomadic::proxy
