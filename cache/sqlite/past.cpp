#include "cache/sqlite/past.hpp"

#include "cache/sqlite/patch.hpp"

namespace nomadic::cache::sqlite {

namespace {

struct Stored {
    std::string video_id;
    PlainRecord plain;
    std::size_t bytes = 0; // that it takes in the store
};

Stored load(Session& session, std::int64_t content)
{
    auto rows = session.database.query("SELECT video_id, record, source FROM content WHERE id = ?", content);
    if (!rows.next())
        throw Damage("content " + std::to_string(content) + " is missing");
    auto plain = session.codec.plain(rows.bytes(1), rows.bytes(2));
    if (!plain)
        throw Damage("the analysis of video " + std::string(rows.bytes(0)) + " is damaged");
    return {std::string(rows.bytes(0)), std::move(*plain), rows.bytes(1).size() + rows.bytes(2).size()};
}

void put_bytes(std::string_view bytes, std::string& out)
{
    put_number(bytes.size(), out);
    out += bytes;
}

// Empty when it would save little, or the batch holds other videos than before.
std::optional<std::string> step_back(Session& session, const std::vector<std::int64_t>& older,
                                     const std::vector<std::int64_t>& newer)
{
    if (older.size() != newer.size())
        return std::nullopt;
    std::string step;
    std::size_t saved = 0;
    for (std::size_t place = 0; place < older.size(); ++place) {
        if (older[place] == newer[place])
            continue;
        const auto was = load(session, older[place]);
        const auto is = load(session, newer[place]);
        if (was.video_id != is.video_id)
            return std::nullopt;
        put_number(place, step);
        put_bytes(make_patch(is.plain.record, was.plain.record), step);
        put_bytes(make_patch(is.plain.source, was.plain.source), step);
        saved += was.bytes;
        if (step.size() > saved)
            return std::nullopt;
    }
    auto packed = session.codec.compress(step);
    return packed.size() < saved / 2 || saved == 0 ? std::optional(std::move(packed)) : std::nullopt;
}

// What neither `newer` nor any other state that has its own contents holds.
void drop_contents(Session& session, std::int64_t batch_row, const std::vector<std::int64_t>& superseded)
{
    const auto kept = session.contents_in_use(batch_row);
    for (const auto content : superseded)
        if (!kept.contains(content))
            session.database.run("DELETE FROM content WHERE id = ?", content);
}

} // namespace

void keep_as_step_back(Session& session, std::int64_t batch_row, std::int64_t older, std::int64_t newer)
{
    const auto before = session.contents(older);
    const auto after = session.contents(newer);
    const auto step = before && after ? step_back(session, *before, *after) : std::nullopt;
    if (!step)
        return;
    session.database.run("UPDATE snapshot SET contents = x'', back = ? WHERE id = ?", as_blob(*step), older);
    session.database.run("UPDATE snapshot SET status = x'', metadata = x'' WHERE id = ?1 AND (status, metadata) = "
                         "(SELECT status, metadata FROM snapshot WHERE id = ?2)",
                         older, newer);
    // SQLite joins pages when a row goes, not when it shrinks: so it goes, and comes back where there is room.
    session.database.run("UPDATE snapshot SET id = -id WHERE id = ?", older);
    session.database.run("UPDATE snapshot SET id = -id WHERE id = ?", -older);
    drop_contents(session, batch_row, *before);
}

Past::Past(Session& session, std::int64_t snapshot)
{
    auto rows = session.database.query("SELECT length(contents), back FROM snapshot WHERE id >= ?1 AND "
                                       "batch = (SELECT batch FROM snapshot WHERE id = ?1) ORDER BY id",
                                       snapshot);
    while (rows.next() && rows.integer(0) == 0) {
        auto back = session.codec.decompress(rows.bytes(1));
        if (!back)
            throw Damage("what leads back to snapshot " + std::to_string(snapshot) + " is damaged");
        backs_.push_back(std::move(*back));
    }
    for (const auto& back : backs_)
        read_step(back);
}

void Past::read_step(std::string_view back)
{
    while (!back.empty()) {
        const auto place = take_number(back);
        const auto record = take_bytes(back);
        const auto source = take_bytes(back);
        if (!place || !record || !source)
            throw Damage("what leads back to an earlier state is damaged");
        steps_[*place].push_back({*record, *source});
    }
}

void Past::take_back(std::size_t place, PlainRecord& plain) const
{
    const auto found = steps_.find(place);
    if (found == steps_.end())
        return;
    for (auto step = found->second.rbegin(); step != found->second.rend(); ++step) {
        auto record = apply_patch(std::move(plain.record), step->record);
        auto source = plain.source.empty() ? std::string{} : apply_patch(std::move(plain.source), step->source);
        if (!record || !source)
            throw Damage("what leads back to an earlier state does not fit");
        plain = {std::move(*record), std::move(*source)};
    }
}

} // namespace nomadic::cache::sqlite
