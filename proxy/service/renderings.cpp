#include "proxy/service/renderings.hpp"

#include "proxy/net/transfer_buffer.hpp"
#include "proxy/service/coded_body.hpp"

#include <algorithm>

namespace nomadic::proxy {

namespace {

using cache::HotEntry;
using cache::Inbox;
using cache::Store;

// Rendering less takes a few milliseconds: short enough for others, or for its first byte, to wait behind it.
constexpr std::uint64_t large_batch = std::uint64_t{1} << 20U;

// Half of the files: the rest is for answers that are being made, and for those that nobody keeps but their readers.
cache::HotCache::Room kept_files(const config::Cache& settings)
{
    if (settings.hot_bytes == 0)
        return {.bytes = 0, .entries = 0};
    return {.bytes = settings.spool_bytes / 2, .entries = settings.spool_files / 2};
}

} // namespace

Renderings::Renderings(const config::Cache& settings, std::string directory, cache::AsyncStore& store,
                       const asio::any_io_executor& executor)
    : spool_threshold_(settings.spool_threshold),
      most_in_memory_(2 * settings.hot_bytes + settings.spool_threshold),
      spool_{.directory = std::move(directory),
             .most_bytes = settings.spool_bytes,
             .most_files = settings.spool_files,
             .most_in_memory = most_in_memory_},
      store_(store),
      executor_(executor),
      hot_({.bytes = settings.hot_bytes}, kept_files(settings)),
      flights_(executor)
{}

// Who asks for much and reads nothing would keep it all in memory.
std::uint64_t Renderings::spool_threshold() const
{
    return cache::Body::in_memory_now() < most_in_memory_ ? spool_threshold_ : 0;
}

bool Renderings::lacks_room(const Failure& failure)
{
    return failure.code == Errc::overloaded || failure.code == Errc::no_room;
}

std::string Renderings::etag(const cache::Snapshot& snapshot, const batch::Representation& representation,
                             Coding coding)
{
    constexpr std::size_t enough_digits = 32;
    const auto digest = batch::digest_of({std::to_string(batch::renderer_version), batch::to_hex(snapshot.digest),
                                          representation.canonical(), to_string(coding)});
    return '"' + batch::to_hex(digest).substr(0, enough_digits) + '"';
}

awaitable<Result<Rendering>> Renderings::get(const Answer& answer, const batch::Representation& representation,
                                             Coding coding, const std::string& etag)
{
    if (auto hot = hot_.find(etag))
        co_return Rendering{std::move(hot->body), hot->events, nullptr};
    if (const auto growing = growing_.find(etag); growing != growing_.end())
        co_return growing->second;
    // Who has been around the store is not to get what it gave before.
    const auto flight_name = (answer.held ? "held " : "") + etag;
    auto work = [this, answer, representation, coding, etag](auto) {
        if (coding != Coding::identity)
            return encode(answer, representation, coding, etag);
        return render(answer, representation, etag);
    };
    auto [flight, role] = flights_.join(flight_name, std::move(work));
    co_return co_await flight->wait();
}

awaitable<std::optional<Length>> Renderings::measure(const Answer& answer, batch::Representation representation)
{
    if (answer.held)
        co_return std::nullopt;
    auto work = [id = answer.snapshot.id, representation = std::move(representation)](Store& store) {
        return measure_stored(store, id, representation);
    };
    auto measured = co_await store_.read(std::move(work));
    if (!measured)
        co_return std::nullopt;
    co_return *measured;
}

// How many bytes there are from the body's beginning: more than `offset`, or all.
awaitable<Result<std::uint64_t>> Renderings::available(Rendering rendering, std::uint64_t offset)
{
    if (!rendering.growth)
        co_return rendering.body->size();
    co_return co_await rendering.growth->beyond(offset);
}

awaitable<Result<void>> Renderings::write(Rendering rendering, ByteRange& part, BodyWriter& writer)
{
    const auto& body = rendering.body;
    TransferBuffer buffer;
    while (part.length != 0) {
        auto there = co_await available(rendering, part.first);
        if (!there)
            co_return there.error();
        const auto most = std::min(part.length, *there - part.first);
        std::string_view bytes;
        if (body->in_memory()) {
            bytes = body->bytes().substr(part.first, most);
        } else {
            const auto room = buffer.room();
            auto read = [body, first = part.first, room, most](Store&) {
                return body->read_at(first, static_cast<char*>(room.data()), std::min(room.size(), most));
            };
            auto got = co_await store_.read(std::move(read));
            if (!got)
                co_return got.error();
            if (*got == 0)
                co_return cache::cut_short();
            bytes = buffer.read(*got);
        }
        auto written = co_await writer.write(bytes);
        if (!written)
            co_return written;
        part.first += bytes.size();
        part.length -= bytes.size();
    }
    co_return Result<void>{};
}

// Piece by piece, as they come.
awaitable<Result<Rendering>> Renderings::encode(Answer answer, batch::Representation representation, Coding coding,
                                                std::string etag)
{
    const auto plain_etag = Renderings::etag(answer.snapshot, representation);
    auto plain = co_await get(answer, representation, Coding::identity, plain_etag);
    if (!plain)
        co_return plain.error();
    auto coded = std::make_shared<CodedBody>(spool_, spool_threshold(), coding, plain->body);
    while (!coded->complete()) {
        auto there = co_await available(*plain, coded->taken());
        if (!there)
            co_return there.error();
        auto take = [coded, end = *there](Store&) { return coded->take(end); };
        auto taken = co_await store_.read(std::move(take));
        if (!taken)
            co_return taken.error();
    }
    const HotEntry entry{coded->complete(), plain->events};
    hot_.insert(etag, entry);
    co_return Rendering{entry.body, entry.events, nullptr};
}

// Returns with the first bytes, where the length is known; the rest comes behind.
awaitable<Result<Rendering>> Renderings::render(Answer answer, batch::Representation representation, std::string etag)
{
    auto growth = std::make_shared<Growth>(executor_);
    asio::co_spawn(executor_, grow(std::move(answer), std::move(representation), etag, growth), asio::detached);
    auto begun = co_await growth->begun();
    if (!begun)
        co_return begun.error();
    Rendering rendering{begun->body, begun->events, nullptr};
    if (!growth->ended()) {
        rendering.growth = std::move(growth);
        growing_.emplace(std::move(etag), rendering);
    }
    co_return rendering;
}

awaitable<void> Renderings::grow(Answer answer, batch::Representation representation, std::string etag,
                                 std::shared_ptr<Growth> growth)
{
    const bool held = answer.held != nullptr;
    Result<HotEntry> whole = Failure{};
    try {
        whole = co_await run(std::move(answer), std::move(representation), etag, growth);
    } catch (const std::exception& bug) {
        whole = Failure{.code = Errc::internal, .detail = bug.what(), .members = {}};
    }
    const bool was_read = !held && growing_.erase(etag) != 0; // else it is another's
    if (whole)
        hot_.insert(etag, *whole);
    else if (was_read)
        note_failure(etag);
    growth->end(std::move(whole));
}

void Renderings::note_failure(const std::string& etag)
{
    constexpr std::size_t most = 1000;
    if (failed_.size() >= most)
        failed_.clear();
    failed_.insert(etag);
}

awaitable<Result<HotEntry>> Renderings::run(Answer answer, batch::Representation representation, std::string etag,
                                            std::shared_ptr<Growth> growth)
{
    const bool large = answer.snapshot.bytes >= large_batch;
    auto& inbox = asio::use_service<Inbox>(asio::query(executor_, asio::execution::context));
    HandOver hand_over;
    if (large && !failed_.contains(etag))
        hand_over = [&inbox, growth](const HotEntry& entry, std::uint64_t grown) {
            auto advance = [growth, entry, grown] { growth->advance(entry, grown); };
            inbox.send(std::make_unique<cache::Message<decltype(advance)>>(std::move(advance)));
        };
    auto work = [this, answer = std::move(answer), representation = std::move(representation),
                 hand_over = std::move(hand_over)](Store& store) {
        const SpoolRoom room{spool_, spool_threshold()};
        if (answer.held)
            return render_held(*answer.held, representation, room);
        return render_stored(store, answer.snapshot.id, representation, room, hand_over);
    };
    if (large)
        co_return co_await store_.read_large(std::move(work));
    co_return co_await store_.read(std::move(work));
}

} // namespace nomadic::proxy
