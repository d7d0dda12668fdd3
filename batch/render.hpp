#pragma once

// From records to the bytes of an answer. A renderer is fed video by video and appends to `out`, so neither it nor its
// caller ever holds a batch. Same input, same bytes. Any thread, one at a time.

#include "batch/batch.hpp"
#include "batch/digest.hpp"
#include "batch/filter.hpp"

#include <memory>
#include <optional>

namespace nomadic::batch {

// What rendered bytes depend on beside the batch and the representation: another number whenever a renderer's bytes
// change, so that no entity tag outlives the bytes it stood for, and no length is told that was of others (those that
// are stored carry it, see lengths.hpp; a migration of the store has to make them anew).
inline constexpr unsigned renderer_version = 2;

enum class Format { json, csv, ndjson, geojson, facets };
std::string_view media_type(Format format); // with its charset parameter, as sent in Content-Type

// The columns of a CSV answer. A profile is byte-identical to what that client writes by itself.
enum class CsvProfile { docs, sdk_0_1_53, sdk_0_1_64, custom };
struct CsvColumns {
    CsvProfile profile = CsvProfile::docs;
    std::vector<std::string> names; // for custom
};
// `columns=`; fails with Errc::bad_request naming the unknown column and those there are.
Result<CsvColumns> parse_columns(std::string_view text);

// Pictures that are at hand: an event's URL becomes `base` and the picture's id, if `ids` has it.
struct LocalThumbnails {
    std::string base;                               // ends with '/'; "" to leave every URL as it is
    std::shared_ptr<const std::vector<Digest>> ids; // in order
};

struct Representation {
    Format format = Format::json;
    CsvColumns columns;
    Selection selection;
    std::string dashboard_url = "https://app.nomadicml.com"; // for batch_viewer_url
    LocalThumbnails thumbnails;

    std::string canonical() const; // equal for equal bytes; a part of cache keys and entity tags
    // The profile has to look at upstream's own items again: ask the store for them, and for every video.
    bool needs_source(const StatusDocument& status) const;
};

struct RecordLengths;

class Renderer {
public:
    virtual ~Renderer() = default;
    virtual void begin(std::string& out) = 0;
    virtual void video(const VideoRecord& record, std::string& out) = 0;
    virtual void end(std::string& out) = 0;
    virtual std::uint64_t events() const = 0; // written so far: X-Total-Count

    // How many bytes video() would append for a record of these lengths; empty where that can't be told. Instead of
    // video(), for every video of the batch: events() counts them then. The selection must be the reader's own, not
    // what is left of it once it has been applied.
    virtual std::optional<std::uint64_t> measure(const RecordLengths& /*lengths*/) { return std::nullopt; }
};

// `status` and `representation` are copied as far as needed. With local thumbnails each video's record is given to the
// format with its URLs replaced.
std::unique_ptr<Renderer> make_renderer(const StatusDocument& status, const Representation& representation);

// The `batch_metadata` object of the native JSON.
std::string render_metadata(const StatusDocument& status, std::string_view dashboard_url);

} // namespace nomadic::batch
