#pragma once

// How a video's record becomes two blobs: the normalised part in a zstd frame of its own, and upstream's item in a
// second frame that has the first as its prefix, since the two share most of their text. Any thread, one at a time.

#include "batch/batch.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace nomadic::cache::sqlite {

struct EncodedRecord {
    std::string record, source;
};

// The same, not compressed.
struct PlainRecord {
    std::string record, source;
};

// Removes the events that are not wanted of those that a record has; `events` is what their spans are of.
using Pick = std::function<void(std::string_view events, std::vector<batch::EventSpan>& spans)>;

class Codec {
public:
    Codec();
    ~Codec();

    EncodedRecord encode(const batch::VideoRecord& record);
    // Empty when the bytes are not what encode() made. Fills all but the source; of the events those that `pick`
    // leaves.
    std::optional<batch::VideoRecord> decode(std::string_view video_id, std::string_view record, const Pick& pick = {});
    std::optional<std::string> decode_source(std::string_view record, std::string_view source);
    // What the two frames hold, and a record from what the first one holds.
    std::optional<PlainRecord> plain(std::string_view record, std::optional<std::string_view> source);
    static std::optional<batch::VideoRecord> record_of(std::string_view video_id, std::string_view plain,
                                                       const Pick& pick = {});

    std::string compress(std::string_view bytes, std::string_view prefix = {});
    std::optional<std::string> decompress(std::string_view frame, std::string_view prefix = {});

private:
    // Into `room`, which grows as needed; what is returned lies in it.
    std::optional<std::string_view> decompress(std::string_view frame, std::string_view prefix, std::string& room);
    std::optional<std::string_view> unpack(std::string_view frame); // valid until the next

    struct Contexts;
    std::unique_ptr<Contexts> contexts_;
};

} // namespace nomadic::cache::sqlite
