// A store of version 1 becomes today's: nothing is lost, and what version 2 added is filled in behind.

#include "cache/open_store.hpp"
#include "cache/sqlite/database.hpp"
#include "contract/batches.hpp"
#include "results.hpp"

#include <cstdlib>
#include <filesystem>

using namespace nomadic;
using namespace nomadic::cache;
using sqlite::Database;

namespace {

namespace fs = std::filesystem;

// As released; it must not follow the schema.
constexpr const char* version_1 = R"(
PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE batch(
    id INTEGER PRIMARY KEY, scope BLOB NOT NULL, batch_id TEXT NOT NULL,
    pinned INTEGER NOT NULL DEFAULT 0, stale INTEGER NOT NULL DEFAULT 0,
    used_at INTEGER NOT NULL DEFAULT 0, UNIQUE(scope, batch_id));
CREATE TABLE snapshot(
    id INTEGER PRIMARY KEY AUTOINCREMENT, batch INTEGER NOT NULL REFERENCES batch ON DELETE CASCADE,
    digest BLOB NOT NULL, fetched_at INTEGER NOT NULL, validated_at INTEGER NOT NULL,
    videos INTEGER NOT NULL, approved INTEGER NOT NULL, rejected INTEGER NOT NULL, pending INTEGER NOT NULL,
    invalid INTEGER NOT NULL, other INTEGER NOT NULL, bytes INTEGER NOT NULL, review_status TEXT NOT NULL,
    changed INTEGER NOT NULL, status BLOB NOT NULL, metadata BLOB NOT NULL, contents BLOB NOT NULL);
CREATE INDEX snapshot_batch ON snapshot(batch);
CREATE TABLE content(
    id INTEGER PRIMARY KEY AUTOINCREMENT, batch INTEGER NOT NULL REFERENCES batch ON DELETE CASCADE,
    video_id TEXT NOT NULL, digest BLOB NOT NULL, approved INTEGER NOT NULL, rejected INTEGER NOT NULL,
    pending INTEGER NOT NULL, invalid INTEGER NOT NULL, other INTEGER NOT NULL, bytes INTEGER NOT NULL,
    record BLOB NOT NULL, source BLOB NOT NULL);
CREATE INDEX content_batch_video ON content(batch, video_id);
CREATE INDEX content_video ON content(video_id);
CREATE TABLE staged(content INTEGER PRIMARY KEY REFERENCES content ON DELETE CASCADE);
CREATE TABLE principal(
    key_hash BLOB PRIMARY KEY, scope BLOB NOT NULL, kind TEXT NOT NULL, verified_at INTEGER NOT NULL,
    label TEXT NOT NULL) WITHOUT ROWID;
PRAGMA application_id = 1313686369; PRAGMA user_version = 1;
)";

const TimePoint now{std::chrono::seconds{1'700'000'000}};

class Stores {
public:
    Stores()
    {
        std::string pattern = (fs::temp_directory_path() / "nomadic-migration-XXXXXX").string();
        root_ = ::mkdtemp(pattern.data());
    }
    Stores(const Stores&) = delete;
    Stores& operator=(const Stores&) = delete;
    ~Stores() { fs::remove_all(root_); }

    std::string directory(const std::string& name) const { return root_ + "/" + name; }
    std::unique_ptr<Store> open(const std::string& name) const
    {
        auto opened = open_store(directory(name), now);
        if (!opened)
            FAIL(opened.error().detail);
        return std::move(opened->store);
    }
    // What `from` holds, as version 1 would have stored it.
    void write_version_1(const std::string& from, const std::string& to) const
    {
        fs::create_directories(directory(to));
        Database database(directory(to) + "/cache.db", Database::Mode::read_write);
        database.script(version_1);
        database.script("ATTACH '" + directory(from) + "/cache.db' AS new");
        for (const std::string table : {"meta", "batch", "snapshot", "content"})
            database.script("INSERT INTO main." + table + " SELECT " + columns_of(database, table) + " FROM new." +
                            table);
    }

private:
    static std::string columns_of(Database& database, const std::string& table)
    {
        std::string names;
        for (auto rows = database.query("SELECT name FROM pragma_table_info('" + table + "', 'main')"); rows.next();)
            names += (names.empty() ? "" : ", ") + std::string(rows.bytes(0));
        return names;
    }

    std::string root_;
};

Snapshot put(Store& store, const test::TestBatch& batch)
{
    const Key key{make_scope("https://upstream.example", "user", "me"), batch.status.batch_id};
    auto writer = store.begin(key);
    REQUIRE((*writer)->add(batch.records));
    auto stored = (*writer)->commit(batch.status, now);
    REQUIRE(stored);
    return *stored;
}

std::vector<std::string> rows_of(const std::string& directory, const std::string& sql)
{
    Database database(directory + "/cache.db", Database::Mode::read_only);
    std::vector<std::string> found;
    for (auto rows = database.query(sql); rows.next();)
        found.emplace_back(rows.bytes(0));
    return found;
}

const std::string all_events =
    "SELECT batch_id || '/' || video_id || '/' || approval || '/' || category || '/' || label || '/' || t_start || '-' "
    "|| t_end || '/' || confidence FROM events ORDER BY 1";

} // namespace

TEST_CASE("storage: a version 1 database keeps its data, is narrowed at once, and gains its rows step by step")
{
    const Stores stores;
    const auto batch = test::make_batch("b1", std::vector<std::vector<std::string>>(40, {"approved", "pending"}));
    Snapshot snapshot;
    {
        auto store = stores.open("new");
        put(*store, test::make_batch("b1", {{"invalid"}}));
        snapshot = put(*store, batch);
        put(*store, test::make_batch("b2", {{"rejected"}, {}}));
    }
    stores.write_version_1("new", "old");
    const auto old = stores.directory("old");
    // It was killed while a video came in.
    Database(old + "/cache.db", Database::Mode::read_write)
        .script("INSERT INTO content SELECT NULL, batch, 'half', x'', 0, 0, 0, 0, 0, 0, x'', x'' FROM content LIMIT 1; "
                "INSERT INTO staged SELECT max(id) FROM content");
    auto store = stores.open("old");

    batch::Selection selection;
    selection.narrowing.label = {"label 1"};
    const auto narrowed = [&] {
        std::size_t events = 0;
        REQUIRE(store->read(snapshot.id, selection, WithSource::no, [&](const auto& record) {
            events += record.spans.size();
            return true;
        }));
        return events;
    };
    CHECK(rows_of(old, all_events).empty());
    CHECK(narrowed() == 40);
    CHECK(store->facets(snapshot.id, selection)->events() == 40);
    int steps = 0;
    for (;;) {
        const auto more = store->catch_up();
        REQUIRE(more);
        if (!*more)
            break;
        ++steps;
        CHECK(narrowed() == 40);
    }
    CHECK(steps > 3);
    CHECK(rows_of(old, all_events) == rows_of(stores.directory("new"), all_events));
    CHECK(rows_of(old, all_events).size() == 81);
    CHECK(rows_of(old, "PRAGMA user_version").size() == 1);
    CHECK(store->check()->empty());
    // It goes on as any other.
    put(*store, test::make_batch("b3", {{"approved"}}));
    CHECK(rows_of(old, "SELECT label FROM events WHERE batch_id = 'b3'") == std::vector<std::string>{"label 0"});
}

TEST_CASE("storage: the views show each batch's newest state, and forget what was purged")
{
    const Stores stores;
    const auto directory = stores.directory("s");
    auto store = stores.open("s");
    put(*store, test::make_batch("b1", {{"pending"}, {"rejected"}}));
    put(*store, test::make_batch("b1", {{"approved"}, {"rejected"}}));
    CHECK(rows_of(directory, all_events) ==
          std::vector<std::string>{"b1/video-0/approved/Driving/label 0/00:01-00:05/0.85",
                                   "b1/video-1/rejected/Driving/label 0/00:01-00:05/0.85"});
    CHECK(rows_of(directory, "SELECT batch_id || status || videos || events || approved || pending || snapshots || "
                             "fetched_at || pinned FROM batches") ==
          std::vector<std::string>{"b1completed221022023-11-14T22:13:20.000Z0"});
    CHECK(*store->purge({make_scope("https://upstream.example", "user", "me"), "b1"}));
    CHECK(rows_of(directory, all_events).empty());
    // Out of sight at once; the rows go step by step.
    for (bool more = true; more; more = store->evict(std::uint64_t{1} << 40)->more) {
    }
    CHECK(rows_of(directory, "SELECT 1 FROM event").empty());
    CHECK(rows_of(directory, "SELECT 1 FROM member").empty());
}

TEST_CASE("storage: videos that came in one behind the other are staged and listed as one run")
{
    const Stores stores;
    const auto directory = stores.directory("s");
    auto store = stores.open("s");
    const auto batch = test::make_batch("b1", std::vector<std::vector<std::string>>(7, {"pending"}));
    const Key key{make_scope("https://upstream.example", "user", "me"), "b1"};
    {
        auto writer = store->begin(key);
        REQUIRE((*writer)->add(batch.records));
        REQUIRE((*writer)->add(std::vector(1, batch.records[3]))); // again, which takes nothing in the end
        CHECK(rows_of(directory, "SELECT last - first FROM staged") == std::vector<std::string>{"6", "0"});
        REQUIRE((*writer)->commit(batch.status, now));
    }
    CHECK(rows_of(directory, "SELECT 1 FROM staged").empty());
    CHECK(rows_of(directory, "SELECT id FROM content").size() == 7);
    CHECK(rows_of(directory, all_events).size() == 7);
    const auto runs = "SELECT place || '+' || count FROM member ORDER BY place";
    CHECK(rows_of(directory, runs) == std::vector<std::string>{"0+3", "3+1", "4+3"});
    { // dropped: what was staged goes, what is shared stays
        auto changed = test::make_batch("b1", std::vector<std::vector<std::string>>(7, {"approved"}));
        changed.records[0] = batch.records[0];
        auto writer = store->begin(key);
        REQUIRE((*writer)->add(changed.records));
        CHECK(rows_of(directory, "SELECT id FROM content").size() == 13);
    }
    CHECK(rows_of(directory, "SELECT 1 FROM staged").empty());
    CHECK(rows_of(directory, "SELECT id FROM content").size() == 7);
    CHECK(store->check()->empty());
}

TEST_CASE("storage: the views show nothing of an import that is under way")
{
    const Stores stores;
    const auto directory = stores.directory("s");
    auto store = stores.open("s");
    const Scope mine = make_scope("https://upstream.example", "user", "me");
    const Key passing{passage_scope(), "b1"};
    const auto batch = test::make_batch("b1", {{"pending"}, {"rejected"}});
    auto writer = store->begin(passing);
    REQUIRE((*writer)->add(batch.records));
    REQUIRE((*writer)->commit(batch.status, now));
    CHECK(rows_of(directory, "SELECT batch_id FROM batches").empty());
    CHECK(rows_of(directory, all_events).empty());
    REQUIRE(store->adopt({&passing, 1}, mine));
    CHECK(rows_of(directory, "SELECT batch_id FROM batches") == std::vector<std::string>{"b1"});
    CHECK(rows_of(directory, all_events).size() == 2);
}

TEST_CASE("storage: views of an earlier version become today's, and nothing else changes")
{
    const Stores stores;
    const auto directory = stores.directory("s");
    put(*stores.open("s"), test::make_batch("b1", {{"pending"}}));
    const std::string views = "SELECT sql FROM sqlite_master WHERE type = 'view' ORDER BY name";
    const auto todays = rows_of(directory, views);
    const auto schema = [&] { return rows_of(directory, "PRAGMA schema_version"); };
    Database(directory + "/cache.db", Database::Mode::read_write)
        .script("DROP VIEW batches; DROP VIEW events; CREATE VIEW batches AS SELECT 1 AS batch_id");
    CHECK(open_store_read_only(directory).value()->check()->empty());
    CHECK(stores.open("s")->check()->empty());
    CHECK(rows_of(directory, views) == todays);
    CHECK(rows_of(directory, all_events).size() == 1);
    const auto before = schema();
    stores.open("s");
    CHECK(schema() == before);
}
