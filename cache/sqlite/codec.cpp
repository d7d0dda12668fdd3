#include "cache/sqlite/codec.hpp"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace nomadic::cache::sqlite {

namespace {

// Level 3 packs analyses to less than a third at several hundred MB/s; higher levels cost far more than they save.
constexpr int compression_level = 3;
// No honest frame of ours is larger: a length beyond it is damage, not a reason to allocate.
constexpr std::uint64_t largest_frame = std::uint64_t{1} << 31;

void put(std::uint32_t number, std::string& out)
{
    out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put(std::string_view text, std::string& out)
{
    put(static_cast<std::uint32_t>(text.size()), out);
    out += text;
}

// Takes values off the front; once something is missing, everything is.
class Taker {
public:
    explicit Taker(std::string_view bytes) : bytes_(bytes) {}

    std::string_view take(std::size_t count)
    {
        if (count > bytes_.size()) {
            whole_ = false;
            return {};
        }
        const auto taken = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return taken;
    }
    std::uint32_t number()
    {
        std::uint32_t value = 0;
        const auto taken = take(sizeof value);
        if (!taken.empty())
            std::memcpy(&value, taken.data(), sizeof value);
        return value;
    }
    std::string_view text() { return take(number()); }
    std::string_view rest() const { return bytes_; }
    bool whole() const { return whole_; }

private:
    std::string_view bytes_;
    bool whole_ = true;
};

constexpr std::size_t span_bytes = sizeof(std::uint32_t) + 1; // a length and an approval

std::string pack(const batch::VideoRecord& record)
{
    std::string packed;
    packed.reserve(record.head.size() + record.tail.size() + record.events.size() + record.spans.size() * span_bytes +
                   16);
    put(record.head, packed);
    put(record.tail, packed);
    put(static_cast<std::uint32_t>(record.spans.size()), packed);
    for (const auto& span : record.spans) {
        put(span.length, packed);
        packed += static_cast<char>(span.approval);
    }
    packed += record.events;
    return packed;
}

// The events at `spans`, one behind the other; afterwards that is where the spans are.
std::string gather(std::string_view events, std::vector<batch::EventSpan>& spans)
{
    std::size_t size = 0;
    for (const auto& span : spans)
        size += span.length;
    std::string gathered;
    gathered.reserve(size);
    for (auto& span : spans) {
        const auto event = events.substr(span.offset, span.length);
        span.offset = static_cast<std::uint32_t>(gathered.size());
        gathered += event;
    }
    return gathered;
}

} // namespace

struct Codec::Contexts {
    std::string frame;  // where frames are made, so that those that are kept take no more room than they need
    std::string packed; // where records are unpacked to
    std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> compress{ZSTD_createCCtx(), ZSTD_freeCCtx};
    std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> decompress{ZSTD_createDCtx(), ZSTD_freeDCtx};
};

Codec::Codec() : contexts_(std::make_unique<Contexts>())
{
    ZSTD_CCtx_setParameter(contexts_->compress.get(), ZSTD_c_compressionLevel, compression_level);
    ZSTD_CCtx_setParameter(contexts_->compress.get(), ZSTD_c_checksumFlag, 1);
}

Codec::~Codec() = default;

std::string Codec::compress(std::string_view bytes, std::string_view prefix)
{
    auto& frame = contexts_->frame;
    if (frame.size() < ZSTD_compressBound(bytes.size()))
        frame.resize(ZSTD_compressBound(bytes.size()));
    ZSTD_CCtx_refPrefix(contexts_->compress.get(), prefix.data(), prefix.size());
    const auto size = ZSTD_compress2(contexts_->compress.get(), frame.data(), frame.size(), bytes.data(), bytes.size());
    if (ZSTD_isError(size) != 0)
        throw std::runtime_error(std::string("zstd: ") + ZSTD_getErrorName(size));
    return frame.substr(0, size);
}

std::optional<std::string> Codec::decompress(std::string_view frame, std::string_view prefix)
{
    std::string bytes;
    const auto unpacked = decompress(frame, prefix, bytes);
    return unpacked ? std::optional(std::move(bytes)) : std::nullopt;
}

std::optional<std::string_view> Codec::decompress(std::string_view frame, std::string_view prefix, std::string& room)
{
    const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > largest_frame)
        return std::nullopt;
    if (room.size() < size)
        room.resize(size);
    ZSTD_DCtx_refPrefix(contexts_->decompress.get(), prefix.data(), prefix.size());
    const auto done = ZSTD_decompressDCtx(contexts_->decompress.get(), room.data(), size, frame.data(), frame.size());
    if (ZSTD_isError(done) != 0 || done != size)
        return std::nullopt;
    return std::string_view(room).substr(0, size);
}

std::optional<std::string_view> Codec::unpack(std::string_view frame)
{
    // One large record must not keep its room for ever.
    constexpr std::size_t most_kept = std::size_t{4} << 20;
    if (contexts_->packed.size() > most_kept)
        contexts_->packed = {};
    return decompress(frame, {}, contexts_->packed);
}

EncodedRecord Codec::encode(const batch::VideoRecord& record)
{
    const auto packed = pack(record);
    return {compress(packed), compress(record.source, packed)};
}

std::optional<batch::VideoRecord> Codec::decode(std::string_view video_id, std::string_view frame, const Pick& pick)
{
    const auto packed = unpack(frame);
    return packed ? record_of(video_id, *packed, pick) : std::nullopt;
}

std::optional<PlainRecord> Codec::plain(std::string_view record, std::optional<std::string_view> source)
{
    auto packed = decompress(record);
    if (packed && !source)
        return PlainRecord{std::move(*packed), {}};
    auto item = packed ? decompress(*source, *packed) : std::nullopt;
    if (!item)
        return std::nullopt;
    return PlainRecord{std::move(*packed), std::move(*item)};
}

std::optional<batch::VideoRecord> Codec::record_of(std::string_view video_id, std::string_view plain, const Pick& pick)
{
    Taker taker(plain);
    batch::VideoRecord record;
    record.video_id = video_id;
    record.head = taker.text();
    record.tail = taker.text();
    const auto count = taker.number();
    // A length that nothing stands behind is not worth its room.
    record.spans.reserve(std::min<std::size_t>(count, plain.size() / span_bytes));
    std::uint32_t offset = 0;
    for (std::uint32_t i = 0; i < count && taker.whole(); ++i) {
        const auto length = taker.number();
        const auto approval = taker.take(1);
        if (approval.empty() || static_cast<unsigned char>(approval[0]) >= batch::approval_count)
            return std::nullopt;
        record.spans.push_back({offset, length, static_cast<batch::Approval>(approval[0])});
        offset += length;
    }
    if (!taker.whole() || offset != taker.rest().size())
        return std::nullopt;
    if (pick)
        pick(taker.rest(), record.spans);
    record.events = gather(taker.rest(), record.spans);
    return record;
}

std::optional<std::string> Codec::decode_source(std::string_view record, std::string_view source)
{
    const auto packed = unpack(record);
    return packed ? decompress(source, *packed) : std::nullopt;
}

} // namespace nomadic::cache::sqlite
