#include "batch/upstream_documents.hpp"

#include "batch/json/read.hpp"
#include "batch/json/write.hpp"

#include <unordered_map>
#include <unordered_set>

namespace nomadic::batch {

namespace {

void write_without(std::string_view document, std::string_view name, std::string& out)
{
    json::Arena arena;
    const auto parsed = json::read(document, arena);
    if (!parsed || parsed->find(name) == nullptr) {
        out += document;
        return;
    }
    out += '{';
    bool any = false;
    for (const auto& member : parsed->members()) {
        if (member.name.text() == name)
            continue;
        if (std::exchange(any, true))
            out += ',';
        json::write_string(member.name.text(), out);
        out += ':';
        json::write(member.value, out);
    }
    out += '}';
}

// A JSON array that is filled while its neighbours are.
class List {
public:
    std::string& next()
    {
        if (!items_.empty())
            items_ += ',';
        return items_;
    }
    const std::string& items() const { return items_; }

private:
    std::string items_;
};

} // namespace

std::string without_videos(const StatusDocument& status)
{
    std::string document;
    write_without(status.source, "videos", document);
    return document;
}

std::string bulk_document(const StatusDocument& status, std::span<const std::string> asked,
                          std::span<const std::optional<std::string>> items, SourceUri source_uri)
{
    std::unordered_map<std::string_view, const VideoPointer*> pointers;
    for (const auto& pointer : status.videos)
        pointers.try_emplace(pointer.video_id, &pointer);

    List analyses;
    List unresolved;
    List not_found;
    std::unordered_set<std::string_view> answered;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        if (!answered.insert(asked[i]).second)
            continue;
        const auto pointer = pointers.find(asked[i]);
        if (items[i] && !items[i]->empty() && source_uri == SourceUri::included)
            analyses.next() += *items[i];
        else if (items[i] && !items[i]->empty())
            write_without(*items[i], "import_source_uri", analyses.next());
        else if (pointer != pointers.end() && pointer->second->analysis_id_json != "null")
            not_found.next() += pointer->second->analysis_id_json;
        else
            json::write_string(asked[i], unresolved.next());
    }
    return "{\"analyses\":[" + analyses.items() + "],\"unresolved_video_ids\":[" + unresolved.items() +
           "],\"not_found_analysis_ids\":[" + not_found.items() + "]}";
}

} // namespace nomadic::batch
