#include "proxy/http/encoder.hpp"

#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include <algorithm>
#include <array>

namespace nomadic::proxy {

namespace {

constexpr std::size_t coded_piece = std::size_t{64} * 1024;

Failure coder_failure(const char* name)
{
    return {.code = Errc::internal, .detail = std::string(name) + " could not compress the answer.", .members = {}};
}

// Appends what `write(room, size)` writes into room for a piece, and returns what that returns: how much it was.
template <class Write>
std::size_t append_piece(std::string& out, Write write)
{
    const auto used = out.size();
    out.resize(used + coded_piece);
    const std::size_t written = write(out.data() + used, coded_piece);
    out.resize(used + written);
    return written;
}

// As fast as memory is copied, nearly, and seven times as fast as zlib, for a fifth more bytes.
class GzipEncoder final : public Encoder {
public:
    GzipEncoder()
    {
        isal_deflate_init(&stream_);
        stream_.gzip_flag = IGZIP_GZIP;
        stream_.level = 1;
        stream_.level_buf = tables_.data();
        stream_.level_buf_size = static_cast<std::uint32_t>(tables_.size());
    }

    Result<void> add(std::string_view bytes, More more, std::string& out) override
    {
        do {
            const auto taken = bytes.substr(0, most_at_once);
            bytes.remove_prefix(taken.size());
            stream_.end_of_stream = more == More::none && bytes.empty();
            if (auto added = add(taken, out); !added)
                return added;
        } while (!bytes.empty());
        return {};
    }

private:
    static constexpr std::size_t most_at_once = std::size_t{1} << 30U; // it counts in 32 bits

    Result<void> add(std::string_view bytes, std::string& out)
    {
        stream_.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data())); // it does not write to it
        stream_.avail_in = static_cast<std::uint32_t>(bytes.size());
        int result = COMP_OK;
        bool filled = false;
        do
            filled = append_piece(out, [&](char* room, std::size_t size) {
                         stream_.next_out = reinterpret_cast<std::uint8_t*>(room);
                         stream_.avail_out = static_cast<std::uint32_t>(size);
                         result = isal_deflate(&stream_);
                         return size - stream_.avail_out;
                     }) == coded_piece;
        while (result == COMP_OK && filled);
        return result == COMP_OK ? Result<void>{} : coder_failure("gzip");
    }

    isal_zstream stream_{};
    std::array<std::uint8_t, ISAL_DEF_LVL1_DEFAULT> tables_{};
};

class ZstdEncoder final : public Encoder {
public:
    explicit ZstdEncoder(std::uint64_t size) { ZSTD_CCtx_setPledgedSrcSize(context_.get(), size); }

    Result<void> add(std::string_view bytes, More more, std::string& out) override
    {
        const auto directive = more == More::none ? ZSTD_e_end : ZSTD_e_continue;
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        std::size_t left = 0;
        do {
            append_piece(out, [&](char* room, std::size_t size) {
                ZSTD_outBuffer to{room, size, 0};
                left = ZSTD_compressStream2(context_.get(), &to, &in, directive);
                return to.pos;
            });
            if (ZSTD_isError(left) != 0)
                return coder_failure("zstd");
        } while (more == More::none ? left != 0 : in.pos != in.size);
        return {};
    }

private:
    std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_{ZSTD_createCCtx(), ZSTD_freeCCtx};
};

} // namespace

std::unique_ptr<Encoder> make_encoder(Coding coding, std::uint64_t size)
{
    if (coding == Coding::gzip)
        return std::make_unique<GzipEncoder>();
    return std::make_unique<ZstdEncoder>(size);
}

} // namespace nomadic::proxy
