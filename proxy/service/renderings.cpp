#include "proxy/service/renderings.hpp"

#include <algorithm>
#include <unordered_map>

namespace nomadic::proxy {

namespace {

using cache::BodyBuilder;
using cache::HotEntry;
using cache::Store;

constexpr std::uint64_t piece = 128 * 1024; // of a file, as it is sent
// Rendering less takes a few milliseconds: short enough for others to wait behind it.
constexpr std::uint64_t large_batch = std::uint64_t{1} << 20U;

Result<HotEntry> finish(batch::Renderer& renderer, BodyBuilder& builder)
{
    renderer.end(builder.buffer());
    auto body = builder.finish();
    if (!body)
        return body.error();
    return HotEntry{std::move(*body), renderer.events()};
}

Result<HotEntry> render_stored(Store& store, std::int64_t snapshot, const batch::Representation& representation,
                               BodyBuilder& builder)
{
    auto status = store.status(snapshot);
    if (!status)
        return status.error();
    if (!*status)
        return Failure{.code = Errc::store_failed, .detail = "The batch has just been removed.", .members = {}};
    // A profile that works on upstream's own items may see events where we see none: it is given every video, and
    // selects by itself.
    const bool needs_source = representation.needs_source(**status);
    const auto with_source = needs_source ? cache::WithSource::yes : cache::WithSource::no;
    const auto selection = needs_source ? batch::Selection{} : representation.selection;
    auto rendered = representation;
    if (!needs_source)
        rendered.selection = selection.applied();
    auto renderer = batch::make_renderer(**status, rendered);
    renderer->begin(builder.buffer());
    Result<void> flushed;
    auto read = store.read(snapshot, selection, with_source, [&](const batch::VideoRecord& record) {
        renderer->video(record, builder.buffer());
        flushed = builder.flush();
        return flushed.has_value();
    });
    if (!read)
        return read.error();
    if (!flushed)
        return flushed.error();
    return finish(*renderer, builder);
}

Result<HotEntry> count_stored(Store& store, std::int64_t snapshot, const batch::Representation& representation)
{
    auto facets = store.facets(snapshot, representation.selection);
    if (!facets)
        return facets.error();
    return HotEntry{std::make_shared<const cache::Body>(facets->json()), facets->events()};
}

Result<HotEntry> render_held(const HeldBatch& held, const batch::Representation& representation, BodyBuilder& builder)
{
    std::unordered_map<std::string_view, const batch::VideoRecord*> records;
    for (const auto& record : held.records)
        records.emplace(record.video_id, &record);
    auto renderer = batch::make_renderer(held.status, representation);
    renderer->begin(builder.buffer());
    for (const auto& pointer : held.status.videos) {
        renderer->video(*records.at(pointer.video_id), builder.buffer());
        if (auto flushed = builder.flush(); !flushed)
            return flushed.error();
    }
    return finish(*renderer, builder);
}

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

awaitable<Result<HotEntry>> Renderings::get(Answer answer, batch::Representation representation, Coding coding,
                                            std::string etag)
{
    if (auto hot = hot_.find(etag))
        co_return std::move(*hot);
    if (coding != Coding::identity)
        co_return co_await encoded(std::move(answer), std::move(representation), coding, std::move(etag));
    auto work = [this, snapshot = answer.snapshot, held = answer.held,
                 representation = std::move(representation)](auto) { return render(snapshot, held, representation); };
    auto [flight, role] = flights_.join(etag, std::move(work));
    auto rendered = co_await flight->wait();
    if (rendered && role == Role::leader)
        hot_.insert(etag, *rendered);
    co_return rendered;
}

Stream Renderings::part(std::shared_ptr<const cache::Body> body, ByteRange range)
{
    return [this, body = std::move(body), range](BodyWriter& writer) { return write_part(body, range, writer); };
}

awaitable<Result<void>> Renderings::write_part(std::shared_ptr<const cache::Body> body, ByteRange range,
                                               BodyWriter& writer)
{
    if (body->in_memory())
        co_return co_await writer.write(body->bytes().substr(range.first, range.length));
    while (range.length != 0) {
        auto read = [body, range](Store&) -> Result<std::string> {
            std::string bytes(std::min(piece, range.length), '\0');
            auto got = body->read_at(range.first, bytes.data(), bytes.size());
            if (!got)
                return got.error();
            if (*got != bytes.size())
                return Failure{
                    .code = Errc::store_failed, .detail = "A temporary file has become shorter.", .members = {}};
            return bytes;
        };
        auto bytes = co_await store_.read(std::move(read));
        if (!bytes)
            co_return bytes.error();
        auto written = co_await writer.write(*bytes);
        if (!written)
            co_return written;
        range.first += bytes->size();
        range.length -= bytes->size();
    }
    co_return Result<void>{};
}

awaitable<Result<HotEntry>> Renderings::encoded(Answer answer, batch::Representation representation, Coding coding,
                                                std::string etag)
{
    auto plain = co_await get(std::move(answer), std::move(representation));
    if (!plain)
        co_return plain.error();
    auto work = [this, plain = *plain, coding](Store&) -> Result<HotEntry> {
        BodyBuilder builder(spool_, spool_threshold());
        auto body = encode(*plain.body, coding, builder);
        if (!body)
            return body.error();
        return HotEntry{std::move(*body), plain.events};
    };
    auto coded = co_await store_.read(std::move(work));
    if (coded)
        hot_.insert(etag, *coded);
    co_return coded;
}

awaitable<Result<HotEntry>> Renderings::render(cache::Snapshot snapshot, std::shared_ptr<const HeldBatch> held,
                                               batch::Representation representation)
{
    auto work = [this, id = snapshot.id, held, representation = std::move(representation)](Store& store) {
        if (!held && representation.format == batch::Format::facets)
            return count_stored(store, id, representation);
        BodyBuilder builder(spool_, spool_threshold());
        return held ? render_held(*held, representation, builder) : render_stored(store, id, representation, builder);
    };
    if (snapshot.bytes >= large_batch)
        co_return co_await store_.read_large(std::move(work));
    co_return co_await store_.read(std::move(work));
}

} // namespace nomadic::proxy
