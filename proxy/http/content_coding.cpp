#include "proxy/http/content_coding.hpp"

#include "proxy/http/field_list.hpp"

#include <zlib.h>
#include <zstd.h>

#include <charconv>
#include <functional>

namespace nomadic::proxy {

namespace {

constexpr std::size_t coded_piece = 256 * 1024;

Failure coder_failure(const char* name)
{
    return {.code = Errc::internal, .detail = std::string(name) + " could not compress the answer.", .members = {}};
}

using Take = std::function<Result<void>(std::string_view bytes, bool last)>;

// Gives the body's bytes piece by piece; the last piece may be empty.
Result<void> for_each_piece(const cache::Body& body, const Take& take)
{
    if (body.in_memory())
        return take(body.bytes(), true);
    std::string buffer(coded_piece, '\0');
    for (std::uint64_t offset = 0;;) {
        auto got = body.read_at(offset, buffer.data(), buffer.size());
        if (!got)
            return got.error();
        offset += *got;
        const bool last = offset >= body.size() || *got == 0;
        auto taken = take(std::string_view(buffer).substr(0, *got), last);
        if (!taken || last)
            return taken;
    }
}

Result<void> gzip(const cache::Body& body, cache::BodyBuilder& builder)
{
    constexpr int fast = 4, with_gzip_header = 15 + 16, memory_level = 8;
    z_stream stream{};
    if (deflateInit2(&stream, fast, Z_DEFLATED, with_gzip_header, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
        return coder_failure("gzip");
    const auto take = [&](std::string_view bytes, bool last) -> Result<void> {
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())); // zlib does not write to it
        stream.avail_in = static_cast<uInt>(bytes.size());
        int result = Z_OK;
        do {
            auto& out = builder.buffer();
            const auto used = out.size();
            out.resize(used + coded_piece);
            stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
            stream.avail_out = coded_piece;
            result = deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
            out.resize(used + coded_piece - stream.avail_out);
            if (result == Z_STREAM_ERROR)
                return coder_failure("gzip");
            if (auto flushed = builder.flush(); !flushed)
                return flushed;
        } while (stream.avail_out == 0 || (last && result != Z_STREAM_END));
        return {};
    };
    auto done = for_each_piece(body, take);
    deflateEnd(&stream);
    return done;
}

Result<void> zstd(const cache::Body& body, cache::BodyBuilder& builder)
{
    const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
    ZSTD_CCtx_setPledgedSrcSize(context.get(), body.size());
    const auto take = [&](std::string_view bytes, bool last) -> Result<void> {
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        for (;;) {
            auto& out = builder.buffer();
            const auto used = out.size();
            out.resize(used + coded_piece);
            ZSTD_outBuffer to{out.data() + used, coded_piece, 0};
            const auto left = ZSTD_compressStream2(context.get(), &to, &in, last ? ZSTD_e_end : ZSTD_e_continue);
            out.resize(used + to.pos);
            if (ZSTD_isError(left) != 0)
                return coder_failure("zstd");
            if (auto flushed = builder.flush(); !flushed)
                return flushed;
            if (last ? left == 0 : in.pos == in.size)
                return {};
        }
    };
    return for_each_piece(body, take);
}

} // namespace

std::string_view to_string(Coding coding)
{
    switch (coding) {
    case Coding::gzip:
        return "gzip";
    case Coding::zstd:
        return "zstd";
    case Coding::identity:
        break;
    }
    return "identity";
}

Coding negotiate_coding(const Fields& fields)
{
    auto best = Coding::identity;
    double best_quality = 0;
    const auto accepted = fields.joined("Accept-Encoding");
    for_each_element(accepted, [&](std::string_view element) {
        const auto name = trim(element.substr(0, element.find(';')));
        double quality = 1;
        if (const auto q = element.find("q="); q != std::string_view::npos)
            std::from_chars(element.data() + q + 2, element.data() + element.size(), quality);
        for (const auto coding : {Coding::gzip, Coding::zstd}) {
            const bool better = quality > best_quality || (quality == best_quality && best != Coding::zstd);
            if (beast::iequals(name, to_string(coding)) && quality > 0 && better) {
                best = coding;
                best_quality = quality;
            }
        }
    });
    return best;
}

Result<std::shared_ptr<const cache::Body>> encode(const cache::Body& body, Coding coding, cache::BodyBuilder& builder)
{
    auto done = coding == Coding::gzip ? gzip(body, builder) : zstd(body, builder);
    if (!done)
        return done.error();
    return builder.finish();
}

} // namespace nomadic::proxy
