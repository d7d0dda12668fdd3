#pragma once

// The store in one SQLite database, `cache.db` in a directory of its own. docs/storage.md explains the layout.

#include "cache/sqlite/reader_pool.hpp"
#include "cache/sqlite/writer.hpp"
#include "cache/store.hpp"

namespace nomadic::cache::sqlite {

class SqliteStore : public Store {
public:
    // `path` names a database that migrate() has been over. Unless opened for writing, whatever would write fails.
    explicit SqliteStore(const std::string& path, Database::Mode mode = Database::Mode::read_write);
    SqliteStore(const SqliteStore&) = delete;
    SqliteStore& operator=(const SqliteStore&) = delete;
    ~SqliteStore() override; // leaves one file behind, without a log

    Result<std::optional<Snapshot>> find(const Key& key, const AsOf& as_of) override;
    Result<std::optional<batch::StatusDocument>> status(std::int64_t snapshot) override;
    Result<std::unique_ptr<SnapshotWriter>> begin(const Key& key) override;
    Result<void> read(std::int64_t snapshot, const batch::Selection& selection, WithSource with_source,
                      const std::function<bool(const batch::VideoRecord&)>& each) override;
    Result<bool> lengths(std::int64_t snapshot, const std::function<bool(const batch::RecordLengths&)>& each) override;
    Result<batch::Facets> facets(std::int64_t snapshot, const batch::Selection& selection) override;
    Result<std::vector<std::optional<std::string>>> sources(std::int64_t snapshot,
                                                            std::span<const std::string> video_ids) override;
    Result<std::optional<Snapshot>> confirm(const Key& key, std::int64_t snapshot, TimePoint now) override;
    Result<void> invalidate(const Key& key) override;
    Result<void> set_validated(std::int64_t snapshot, TimePoint time) override;
    Result<std::vector<Adopted>> adopt(std::span<const Key> arrived, const Scope& to) override;
    Result<void> pin(const Key& key, bool pinned) override;
    Result<bool> purge(const Key& key) override;
    Result<std::vector<Snapshot>> list(std::span<const Scope> scopes, std::string_view cursor,
                                       std::size_t limit) override;
    Result<std::vector<Scope>> scopes() override;
    Result<std::vector<Key>> named_by(std::span<const std::string> names) override;
    Result<std::vector<HistoryEntry>> history(const Key& key) override;
    Result<void> trim_history(const Key& key, std::uint32_t keep, TimePoint oldest) override;
    Result<void> used(std::span<const std::pair<Key, TimePoint>> reads) override;
    Result<Eviction> evict(std::uint64_t quota_bytes) override;
    Result<std::uint64_t> free_disk_bytes() override;
    Result<std::uint64_t> disk_bytes() override;
    Result<std::string> begin_anew(TimePoint now) override;
    Result<void> put_picture(const Key& key, const Picture& picture) override;
    Result<std::optional<Picture>> picture(const Key& key, const batch::Digest& id) override;
    Result<std::vector<batch::Digest>> pictures(const Key& key) override;
    Result<void> remember(const batch::Digest& key_hash, const Principal& principal) override;
    Result<std::optional<Principal>> recall(const batch::Digest& key_hash) override;
    Result<void> forget(const batch::Digest& key_hash) override;
    Result<std::vector<Principal>> principals() override;
    Result<std::string> install_secret() override;
    Result<std::vector<Finding>> check() override;
    Result<bool> catch_up() override;

private:
    Result<batch::Facets> facets_by_records(std::int64_t snapshot, const batch::Selection& selection);
    void prepare_writer();
    void remove_leftovers(); // of a process that was killed: nobody sees them; throws SqliteError

    std::string path_;
    std::shared_ptr<WriteSession> writer_; // closed last: only who writes can empty the log into the database
    ReaderPool readers_;
    bool tidy_ = false; // its leftovers are removed; guarded by the writer's mutex
};

} // namespace nomadic::cache::sqlite
