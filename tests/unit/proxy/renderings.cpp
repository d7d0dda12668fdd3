#include "proxy/service/renderings.hpp"

#include "cache/sqlite/schema.hpp"
#include "cache/sqlite/sqlite_store.hpp"
#include "contract/stores.hpp"

#include <latch>

using namespace nomadic;
using namespace nomadic::proxy;
using test::Directory;

namespace {

constexpr std::size_t videos = 400, held_back = 350;

// Reads come to a halt on the way, until they may go on, or fail there.
class HaltingStore final : public cache::sqlite::SqliteStore {
public:
    using SqliteStore::SqliteStore;
    enum class Then { go_on, fail };

    void halt(Then then) { then_ = then; }
    void let_go_on() { may_go_on_.count_down(); }
    void say_wrong_lengths() { wrong_lengths_ = true; }
    int reads() const { return reads_; }

    Result<void> read(std::int64_t snapshot, const batch::Selection& selection, cache::WithSource with_source,
                      const std::function<bool(const batch::VideoRecord&)>& each) override
    {
        ++reads_;
        std::size_t given = 0;
        auto read = SqliteStore::read(snapshot, selection, with_source, [&](const batch::VideoRecord& record) {
            if (then_ && given++ == held_back) {
                may_go_on_.wait();
                return *then_ == Then::go_on && each(record);
            }
            return each(record);
        });
        if (then_ == Then::fail)
            return Failure{.code = Errc::store_failed, .detail = "A page is damaged.", .members = {}};
        return read;
    }

    Result<bool> lengths(std::int64_t snapshot, const std::function<bool(const batch::RecordLengths&)>& each) override
    {
        bool first = wrong_lengths_;
        return SqliteStore::lengths(snapshot, [&](const auto& lengths) {
            return (!std::exchange(first, false) || each(lengths)) && each(lengths);
        });
    }

private:
    std::optional<Then> then_;
    std::latch may_go_on_{1};
    std::atomic<bool> wrong_lengths_ = false;
    std::atomic<int> reads_ = 0;
};

// Takes what is written, and says when there is enough of it.
class Collector final : public BodyWriter {
public:
    awaitable<Result<void>> write(std::string_view bytes) override
    {
        bytes_ += bytes;
        co_return Result<void>{};
    }
    void trailer(std::string, std::string) override {}
    bool gone() const override { return false; }
    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

struct Reader {
    std::optional<Result<Rendering>> rendering;
    Collector collected;
    std::optional<Result<void>> written;
};

class Fixture {
public:
    explicit Fixture(std::uint64_t spool_threshold)
    {
        cache::sqlite::Database database(directory_.path + "/cache.db", cache::sqlite::Database::Mode::read_write);
        cache::sqlite::migrate(database);
        auto store = std::make_unique<HaltingStore>(directory_.path + "/cache.db");
        store_ = store.get();
        snapshot_ = *test::put(*store, {test::scope(), "ask-1"}, large_batch(), test::at(0), 50);
        async_ = std::make_unique<cache::AsyncStore>(std::move(store), 1);
        settings_.spool_threshold = spool_threshold;
        settings_.hot_bytes = std::uint64_t{64} << 20U;
        renderings_ = std::make_unique<Renderings>(settings_, directory_.path, *async_, loop_.get_executor());
    }
    ~Fixture() { async_->join(); }

    HaltingStore& store() { return *store_; }
    bool is_hot() { return renderings_->find_hot(Renderings::etag(snapshot_, representation_)).has_value(); }

    void begin(Reader& reader, ByteRange part = {0, 0}, Coding coding = Coding::identity)
    {
        asio::co_spawn(loop_, read(reader, part, coding), asio::detached);
    }
    void poll()
    {
        loop_.restart();
        loop_.poll();
    }
    // Lets the loop run until `done`, or for long enough to say that it never will.
    template <class Done>
    bool run_until(Done done)
    {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
        loop_.restart();
        while (!done() && std::chrono::steady_clock::now() < end)
            loop_.run_one_for(std::chrono::seconds{1});
        return done();
    }
    std::string read_whole()
    {
        Reader reader;
        begin(reader);
        REQUIRE(run_until([&] { return reader.written.has_value(); }));
        REQUIRE(*reader.written);
        return reader.collected.bytes();
    }

private:
    static test::TestBatch large_batch()
    {
        const std::vector<std::vector<std::string>> approvals(videos, std::vector<std::string>(10, "approved"));
        return test::make_batch("ask-1", approvals, std::string(400, 'x'));
    }

    awaitable<void> read(Reader& reader, ByteRange part, Coding coding)
    {
        const Answer answer{.snapshot = snapshot_, .held = nullptr, .provenance = {}};
        const auto etag = Renderings::etag(snapshot_, representation_, coding);
        reader.rendering = co_await renderings_->get(answer, representation_, coding, etag);
        if (!*reader.rendering) {
            reader.written = reader.rendering->error();
            co_return;
        }
        if (part.length == 0)
            part.length = (*reader.rendering)->body->size();
        reader.written = co_await renderings_->write(**reader.rendering, part, reader.collected);
    }

    Directory directory_;
    asio::io_context loop_;
    HaltingStore* store_ = nullptr;
    cache::Snapshot snapshot_;
    config::Cache settings_;
    std::unique_ptr<cache::AsyncStore> async_;
    std::unique_ptr<Renderings> renderings_;
    batch::Representation representation_;
};

constexpr std::uint64_t in_a_file = 0, in_memory = std::uint64_t{64} << 20U;

} // namespace

TEST_CASE("renderings: what has been made of a large answer can be read while the rest is still to come")
{
    for (const auto threshold : {in_a_file, in_memory}) {
        Fixture fixture(threshold);
        const auto expected = Fixture(threshold).read_whole();
        fixture.store().halt(HaltingStore::Then::go_on);
        Reader first, second, part;
        fixture.begin(first);
        CHECK(fixture.run_until([&] { return first.collected.bytes().size() > 500'000; }));
        REQUIRE(first.rendering);
        CHECK((*first.rendering)->body->size() == expected.size());
        CHECK((*first.rendering)->events == videos * 10);
        CHECK_FALSE(first.written);

        fixture.begin(second);
        fixture.begin(part, {1000, 200'000});
        CHECK(fixture.run_until([&] { return part.written.has_value(); }));
        CHECK(part.collected.bytes() == expected.substr(1000, 200'000));
        CHECK(fixture.run_until([&] { return second.collected.bytes().size() == first.collected.bytes().size(); }));

        fixture.store().let_go_on();
        CHECK(fixture.run_until([&] { return first.written && second.written; }));
        CHECK(first.collected.bytes() == expected);
        CHECK(second.collected.bytes() == expected);
        CHECK(fixture.store().reads() == 1);
        CHECK(fixture.is_hot());
    }
}

TEST_CASE("renderings: a coded answer is made once, however many ask for it")
{
    for (const auto coding : {Coding::gzip, Coding::zstd}) {
        Fixture fixture(in_a_file);
        fixture.store().halt(HaltingStore::Then::go_on);
        Reader first, second;
        fixture.begin(first, {0, 0}, coding);
        fixture.begin(second, {0, 0}, coding);
        fixture.poll();
        fixture.store().let_go_on();
        REQUIRE(fixture.run_until([&] { return first.written && second.written; }));
        REQUIRE(*first.written);
        CHECK((*first.rendering)->body == (*second.rendering)->body);
        CHECK(first.collected.bytes().size() < 500'000);
        CHECK(fixture.store().reads() == 1);
    }
}

TEST_CASE("renderings: an answer that fails on its way fails for its readers once they have what there is")
{
    Fixture fixture(in_a_file);
    fixture.store().halt(HaltingStore::Then::fail);
    Reader reader;
    fixture.begin(reader);
    CHECK(fixture.run_until([&] { return reader.collected.bytes().size() > 500'000; }));
    fixture.store().let_go_on();
    REQUIRE(fixture.run_until([&] { return reader.written.has_value(); }));
    REQUIRE(*reader.rendering);
    CHECK(reader.written->error().code == Errc::store_failed);
    CHECK(reader.collected.bytes().size() > 500'000);
    CHECK(reader.collected.bytes().size() < (*reader.rendering)->body->size());
    CHECK_FALSE(fixture.is_hot());
}

TEST_CASE("renderings: an answer that has failed once is whole before it is sent")
{
    Fixture fixture(in_a_file);
    const auto expected = Fixture(in_a_file).read_whole();
    fixture.store().say_wrong_lengths();
    Reader reader;
    fixture.begin(reader);
    REQUIRE(fixture.run_until([&] { return reader.written.has_value(); }));
    CHECK(reader.written->error().code == Errc::internal);
    CHECK_FALSE(fixture.is_hot());
    CHECK(fixture.read_whole() == expected);
}
