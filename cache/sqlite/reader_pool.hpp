#pragma once

// Read connections, lent to one thread at a time and kept for the next. As many are made as are ever used at once.

#include "cache/sqlite/session.hpp"

#include <mutex>

namespace nomadic::cache::sqlite {

class ReaderPool {
public:
    explicit ReaderPool(std::string path) : path_(std::move(path)) {}

    class Lease {
    public:
        Lease(ReaderPool& pool, std::unique_ptr<Session> session) : pool_(pool), session_(std::move(session)) {}
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease() { pool_.put_back(std::move(session_)); }
        Session* operator->() { return session_.get(); }
        Session& operator*() { return *session_; }

    private:
        ReaderPool& pool_;
        std::unique_ptr<Session> session_;
    };

    Lease borrow()
    {
        {
            const std::scoped_lock lock(mutex_);
            if (!idle_.empty()) {
                auto session = std::move(idle_.back());
                idle_.pop_back();
                return {*this, std::move(session)};
            }
        }
        return {*this, std::make_unique<Session>(path_, Database::Mode::read_only)};
    }

private:
    void put_back(std::unique_ptr<Session> session)
    {
        const std::scoped_lock lock(mutex_);
        idle_.push_back(std::move(session));
    }

    std::string path_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Session>> idle_;
};

} // namespace nomadic::cache::sqlite
