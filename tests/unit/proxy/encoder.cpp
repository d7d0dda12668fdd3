#include "proxy/http/encoder.hpp"
#include "results.hpp"

#include <random>
#include <zlib.h>
#include <zstd.h>

using namespace nomadic::proxy;

namespace {

std::string gunzip(const std::string& coded)
{
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data()));
    stream.avail_in = static_cast<uInt>(coded.size());
    std::string plain;
    int result = Z_OK;
    while (result == Z_OK) {
        std::string room(1 << 16, '\0');
        stream.next_out = reinterpret_cast<Bytef*>(room.data());
        stream.avail_out = static_cast<uInt>(room.size());
        result = inflate(&stream, Z_NO_FLUSH);
        plain.append(room, 0, room.size() - stream.avail_out);
    }
    CHECK(result == Z_STREAM_END);
    CHECK(stream.avail_in == 0); // nothing behind the end that a client would leave out
    inflateEnd(&stream);
    return plain;
}

std::string unzstd(const std::string& coded)
{
    const auto size = ZSTD_getFrameContentSize(coded.data(), coded.size());
    REQUIRE(size != ZSTD_CONTENTSIZE_ERROR);
    REQUIRE(size != ZSTD_CONTENTSIZE_UNKNOWN);
    std::string plain(size, '\0');
    CHECK(ZSTD_decompress(plain.data(), plain.size(), coded.data(), coded.size()) == size);
    return plain;
}

std::string text(std::size_t size, unsigned kinds)
{
    std::mt19937 random(kinds);
    std::string text;
    while (text.size() < size)
        text += static_cast<char>(random() % kinds);
    return text;
}

} // namespace

TEST_CASE("encoder: whatever the pieces, one frame comes that any client can read")
{
    for (const auto size : {0U, 1U, 100U, 70'000U, 1'000'000U})
        for (const auto kinds : {1U, 7U, 256U})
            for (const std::size_t piece : {std::size_t{1000}, std::size_t{300'000}, std::size_t{2'000'000}}) {
                const auto plain = text(size, kinds);
                auto gzip = make_encoder(Coding::gzip, plain.size());
                auto zstd = make_encoder(Coding::zstd, plain.size());
                std::string gzipped, zstded;
                std::size_t at = 0;
                do {
                    const auto part = std::string_view(plain).substr(at, piece);
                    at += part.size();
                    const auto more = at == plain.size() ? Encoder::More::none : Encoder::More::follows;
                    REQUIRE(gzip->add(part, more, gzipped));
                    REQUIRE(zstd->add(part, more, zstded));
                } while (at != plain.size());
                CHECK(gunzip(gzipped) == plain);
                CHECK(unzstd(zstded) == plain);
            }
}
