// The rows of `length`: kept for every content, filled in behind for older stores, gone with the content; damaged ones
// are not believed, and found.

#include "batch/lengths.hpp"
#include "cache/open_store.hpp"
#include "cache/sqlite/database.hpp"
#include "cache/sqlite/lengths.hpp"
#include "contract/stores.hpp"

using namespace nomadic;
using namespace nomadic::cache;
using namespace nomadic::test;
using sqlite::Database;

namespace {

void change(const Directory& directory, const std::string& sql)
{
    Database(directory / "cache.db", Database::Mode::read_write).script(sql);
}

std::int64_t count(const Directory& directory, const std::string& rows)
{
    Database database(directory / "cache.db", Database::Mode::read_only);
    auto counted = database.query("SELECT count(*) FROM " + rows);
    REQUIRE(counted.next());
    return counted.integer(0);
}

bool told(Store& store, std::int64_t snapshot)
{
    auto all = store.lengths(snapshot, [](const auto&) { return true; });
    REQUIRE(all);
    return *all;
}

// What version 5 would have left.
const std::string downgrade =
    "DROP TABLE length; DROP TRIGGER content_gone; CREATE TRIGGER content_gone AFTER DELETE ON "
    "content BEGIN DELETE FROM event WHERE content = old.id; END; PRAGMA user_version = 5";

} // namespace

TEST_CASE("storage: a store of version 5 is served at once, and gains its lengths step by step")
{
    const Directory directory;
    const Key key{scope(), "b1"};
    const auto batch = make_batch("b1", std::vector<std::vector<std::string>>(40, {"approved", "pending"}));
    const auto id = put(*open(directory), key, batch, at(1)).value().id;
    CHECK(count(directory, "length") == 40);
    change(directory, downgrade);
    auto store = open(directory);
    CHECK(count(directory, "length") == 0);
    batch::Selection narrowed;
    narrowed.narrowing.label = {"label 1"};
    CHECK(read_all(*store, id, narrowed).size() == 40);
    int steps = 0;
    for (; store->catch_up().value(); ++steps)
        CHECK(store->check()->empty());
    CHECK(steps == 3);
    CHECK(told(*store, id));
    std::size_t place = 0;
    CHECK(store->lengths(id, [&](const auto& lengths) {
        CHECK(lengths == batch::lengths_of(batch.records[place++]));
        return true;
    }));
    CHECK(store->check()->empty());
}

TEST_CASE("storage: what comes in while an older store catches up has its lengths, and what goes is not waited for")
{
    const Directory directory;
    const auto batch = make_batch("b1", std::vector<std::vector<std::string>>(40, {"approved"}));
    put(*open(directory), {scope(), "b1"}, batch, at(1));
    change(directory, downgrade);
    auto store = open(directory);
    CHECK(store->catch_up().value());
    const auto newer = put(*store, {scope(), "b2"}, make_batch("b2", {{"pending"}}), at(2));
    CHECK(told(*store, newer.value().id));
    CHECK(*store->purge({scope(), "b1"}));
    evict_all(*store, std::uint64_t{1} << 40U);
    CHECK(count(directory, "length") == 1);
    while (store->catch_up().value()) {
    }
    CHECK(count(directory, "length") == 1);
    CHECK(store->check()->empty());
}

TEST_CASE("storage: lengths that are damaged, missing or of other renderers are not told, and the first two are found")
{
    const std::string mine = "WHERE content = (SELECT max(content) FROM length)";
    const std::string others = std::string("x'") + "01" + "'"; // any other first byte
    struct Case {
        std::string sql;
        bool found;
    };
    const std::vector<Case> cases{
        {"UPDATE length SET packed = x'' " + mine, true},
        {"UPDATE length SET packed = substr(packed, 1, length(packed) - 1) " + mine, true},
        {"UPDATE length SET packed = (SELECT packed FROM length ORDER BY content LIMIT 1) " + mine, true},
        {"DELETE FROM length " + mine, true},
        {"UPDATE length SET packed = CAST(" + others + " || substr(packed, 2) AS BLOB) " + mine, false},
    };
    for (const auto& [sql, found] : cases) {
        CAPTURE(sql);
        const Directory directory;
        const auto id =
            put(*open(directory), {scope(), "b1"}, make_batch("b1", {{"pending"}, {"approved", "x"}}), at(1))
                .value()
                .id;
        change(directory, sql);
        auto store = open(directory);
        const bool swapped = sql.find("ORDER BY") != std::string::npos; // sound in itself: only the check can tell
        CHECK(told(*store, id) == swapped);
        CHECK(read_all(*store, id).size() == 2);
        const auto findings = store->check();
        REQUIRE(findings);
        REQUIRE(findings->size() == (found ? 1 : 0));
        if (found)
            CHECK(findings->front().what.find("lengths") != std::string::npos);
    }
}
