#pragma once

// Connections that read, as many as there are readers at a time. Any thread.

#include "cache/sqlite/session.hpp"

#include <condition_variable>
#include <mutex>

namespace nomadic::cache::sqlite {

class ReaderPool {
public:
    ReaderPool(std::string path, Database::Mode mode) : path_(std::move(path)), mode_(mode) {}

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
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !paused_; });
        std::unique_ptr<Session> session;
        if (!idle_.empty()) {
            session = std::move(idle_.back());
            idle_.pop_back();
        } else {
            session = std::make_unique<Session>(path_, mode_);
        }
        ++lent_;
        return {*this, std::move(session)};
    }

    // Waits for those who read, closes every connection, and lets nobody begin while it lives.
    class Pause {
    public:
        explicit Pause(ReaderPool& pool) : pool_(pool)
        {
            std::unique_lock lock(pool_.mutex_);
            pool_.paused_ = true;
            pool_.changed_.wait(lock, [this] { return pool_.lent_ == 0; });
            pool_.idle_.clear();
        }
        Pause(const Pause&) = delete;
        Pause& operator=(const Pause&) = delete;
        ~Pause()
        {
            const std::scoped_lock lock(pool_.mutex_);
            pool_.paused_ = false;
            pool_.changed_.notify_all();
        }

    private:
        ReaderPool& pool_;
    };

private:
    void put_back(std::unique_ptr<Session> session)
    {
        const std::scoped_lock lock(mutex_);
        idle_.push_back(std::move(session));
        --lent_;
        changed_.notify_all();
    }

    std::string path_;
    Database::Mode mode_;
    std::mutex mutex_;
    // Below: under mutex_.
    std::condition_variable changed_;
    std::vector<std::unique_ptr<Session>> idle_;
    std::size_t lent_ = 0;
    bool paused_ = false;
};

} // namespace nomadic::cache::sqlite
