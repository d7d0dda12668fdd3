#pragma once

// A snapshot on its way in: each add() is one short transaction of staged contents, commit() publishes all of it in
// one. The connection is shared by everything that writes, so each step takes its lock.

#include "batch/filter.hpp"
#include "cache/sqlite/session.hpp"

#include <mutex>
#include <unordered_map>

namespace nomadic::cache::sqlite {

// The one connection that writes.
struct WriteSession {
    explicit WriteSession(const std::string& path) : session(path, Database::Mode::read_write) {}
    std::mutex mutex;
    Session session;
};

class Writer final : public SnapshotWriter {
public:
    Writer(std::shared_ptr<WriteSession> shared, Key key, std::int64_t batch_row);
    ~Writer() override;

    Result<void> add(std::span<const batch::VideoRecord> records) override;
    Result<Snapshot> commit(const batch::StatusDocument& status, TimePoint now) override;

private:
    // What is known of a video that has been added.
    struct Content {
        std::int64_t id = 0;
        batch::Digest digest{};
        std::array<std::uint64_t, batch::approval_count> events{};
        std::uint64_t bytes = 0;
        bool staged = false; // ours to publish or to remove; else shared with a published snapshot
    };

    Content describe(const batch::VideoRecord& record) const;
    std::optional<std::int64_t> published(const batch::VideoRecord& record, const batch::Digest& digest);
    std::int64_t stage(const batch::VideoRecord& record, const Content& content, batch::EventFactsReader& facts);
    Snapshot publish(const batch::StatusDocument& status, TimePoint now);
    Snapshot assemble(const batch::StatusDocument& status, std::vector<std::int64_t>& contents) const;
    void require_all_there();
    void insert(const Snapshot& snapshot, const batch::StatusDocument& status, std::span<const std::int64_t> contents,
                std::uint64_t changed);
    void drop_staged();

    std::shared_ptr<WriteSession> shared_;
    Key key_;
    std::int64_t batch_row_;
    std::unordered_map<std::string, Content> contents_; // by video id
    bool committed_ = false;
};

} // namespace nomadic::cache::sqlite
