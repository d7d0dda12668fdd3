#include "cache/sqlite/events.hpp"

#include "batch/fold_case.hpp"

#include <algorithm>

namespace nomadic::cache::sqlite {

namespace {

// Whether what stands in the AI analysis is found in the event's JSON as it is: it is a text, or nothing.
bool analysis_is_text(std::string_view event_json)
{
    constexpr std::string_view name = "\"aiAnalysis\":";
    for (auto at = event_json.find(name); at != std::string_view::npos; at = event_json.find(name, at)) {
        at += name.size();
        if (at == event_json.size() || (event_json[at] != '"' && event_json[at] != 'n'))
            return false;
    }
    return true;
}

bool is_escaped_in_json(char c)
{
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

} // namespace

EventInserter::EventInserter(Database& database)
    : rows_(database, "INSERT OR IGNORE INTO event(content, position, approval, event_id, category, severity, label, "
                      "t_start, t_end, confidence)")
{}

void EventInserter::insert(std::int64_t content, const EventRows& events)
{
    for (std::size_t position = 0; position < events.size(); ++position)
        rows_.add({content, position, events[position]});
}

void EventInserter::finish()
{
    rows_.finish();
}

void EventInserter::Row::bind(Statement& statement, int first) const
{
    statement.bind_from(first, content, static_cast<std::int64_t>(position), static_cast<std::int64_t>(event.approval),
                        event.event_id, event.category, event.severity, event.label, event.start, event.end,
                        event.confidence);
}

void list_members(Database& database, std::int64_t batch_row, std::int64_t snapshot,
                  std::span<const std::int64_t> contents)
{
    database.run("DELETE FROM member WHERE snapshot IN (SELECT id FROM snapshot WHERE batch = ?)", batch_row);
    auto insert = database.statement("INSERT INTO member(snapshot, place, content, count) VALUES(?, ?, ?, ?)");
    for (std::size_t first = 0, next = 0; first < contents.size(); first = next) {
        while (next < contents.size() && contents[next] - contents[first] == static_cast<std::int64_t>(next - first))
            ++next;
        insert.run(snapshot, static_cast<std::int64_t>(first), contents[first],
                   static_cast<std::int64_t>(next - first));
    }
}

EventPicker::EventPicker(Session& session, const batch::Selection& selection)
    : session_(session), selection_(selection), q_(batch::fold_case(selection.narrowing.q))
{
    auto rows = session_.database.query("SELECT next, last FROM backlog WHERE what = 'content'");
    const bool any = rows.next();
    first_missing_ = any ? rows.integer(0) : 1;
    last_missing_ = any ? rows.integer(1) : 0;
}

void EventPicker::each_wanted(std::int64_t content, const RecordOf& record, const Each& each)
{
    each_row(content, record, [&](std::size_t position, const batch::EventFacts& facts) {
        if (!selection_.wants(facts.approval) || !selection_.narrowing.matches_values(facts))
            return;
        if (!q_.empty()) {
            const auto& whole = record();
            if (position >= whole.spans.size())
                throw Damage("the rows of content " + std::to_string(content) + " do not fit its record");
            if (!mentioned(whole.event(position), facts))
                return;
        }
        each(position, facts);
    });
}

void EventPicker::each_row(std::int64_t content, const RecordOf& record, const Each& each)
{
    if (content == no_rows || (content >= first_missing_ && content <= last_missing_)) {
        const auto& whole = record();
        for (std::size_t i = 0; i < whole.spans.size(); ++i)
            each(i, reader_.read(whole.event(i)));
        return;
    }
    auto rows = session_.database.query("SELECT position, approval, category, severity, label, confidence FROM event "
                                        "WHERE content = ? ORDER BY position",
                                        content);
    while (rows.next()) {
        const auto approval = rows.integer(1);
        if (approval < 0 || approval >= static_cast<std::int64_t>(batch::approval_count))
            throw Damage("the rows of content " + std::to_string(content) + " are damaged");
        facts_.approval = static_cast<batch::Approval>(approval);
        facts_.category = rows.bytes(2);
        facts_.severity = rows.bytes(3);
        facts_.label = rows.bytes(4);
        facts_.confidence = rows.real(5);
        each(static_cast<std::size_t>(rows.integer(0)), facts_);
    }
}

// Most events say nothing of what is looked for, and mostly that can be told from their bytes.
bool EventPicker::mentioned(std::string_view event_json, const batch::EventFacts& facts)
{
    if (batch::contains_folded(facts.label, q_) || batch::contains_folded(facts.category, q_))
        return true;
    const auto stands_as_it_is = [](const std::string& text) {
        return std::none_of(text.begin(), text.end(), is_escaped_in_json);
    };
    if (analysis_is_text(event_json) && std::all_of(q_.begin(), q_.end(), stands_as_it_is) &&
        !batch::contains_folded(event_json, q_))
        return false;
    return selection_.narrowing.mentions(batch::EventFactsReader().read(event_json));
}

} // namespace nomadic::cache::sqlite
