#pragma once

// A snapshot on its way in: each add() is one short transaction of staged contents, commit() publishes all of it in
// one. The connection is shared by everything that writes, so each step takes its lock; digests and compression, which
// are most of the work, come before it and on any thread.

#include "cache/sqlite/events.hpp"
#include "cache/sqlite/reader_pool.hpp"

#include <mutex>
#include <unordered_map>

namespace nomadic::cache::sqlite {

// The one connection that writes.
struct WriteSession {
    WriteSession(const std::string& path, Database::Mode mode) : session(path, mode) {}
    std::mutex mutex;
    Session session;
    unsigned databases = 1; // that there have been: what was staged in one must not be looked for in another
};

class Writer final : public SnapshotWriter {
public:
    // `readers` outlives this.
    Writer(std::shared_ptr<WriteSession> shared, ReaderPool& readers, Key key, std::int64_t batch_row);
    ~Writer() override;

    Result<std::unique_ptr<EncodedRecords>> encode(std::vector<batch::VideoRecord> records) override;
    Result<void> add(std::unique_ptr<EncodedRecords> records) override;
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

    // A record as add() takes it.
    struct Item {
        std::string video_id;
        Content content;
        EncodedRecord blobs; // empty for what is there already
        Description description;
    };
    struct Items;

    void require_same_database() const;
    static Content describe(const batch::VideoRecord& record);
    std::optional<std::int64_t> published(Database& database, const Item& item) const;
    std::vector<bool> published(Database& database, const std::vector<Item>& items) const;
    // Contents that one add() has staged, whose ids follow each other.
    struct Run {
        std::int64_t first = 0, last = 0;
    };

    std::int64_t stage(const Item& item, Statement& insert) const;
    Snapshot publish(const batch::StatusDocument& status, TimePoint now);
    Snapshot assemble(const batch::StatusDocument& status, std::vector<std::int64_t>& contents) const;
    void require_all_there();
    bool staged_is_there();
    bool shared_is_there();
    std::uint64_t staged_count() const;
    void unstage();
    void insert(const Snapshot& snapshot, const batch::StatusDocument& status, std::span<const std::int64_t> contents,
                std::uint64_t changed);
    void drop_staged();

    std::shared_ptr<WriteSession> shared_;
    ReaderPool& readers_;
    Key key_;
    std::int64_t batch_row_;
    std::unordered_map<std::string, Content> contents_; // by video id
    std::vector<Run> runs_;
    unsigned database_;
    bool committed_ = false;
};

} // namespace nomadic::cache::sqlite
