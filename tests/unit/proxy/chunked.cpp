#include "proxy/http/chunked.hpp"
#include "results.hpp"

using namespace nomadic;
using namespace nomadic::proxy;

namespace {

// Decodes `wire`, given to the decoder `piece` bytes at a time; "!" at the end of what came out when it failed.
std::string decode(std::string_view wire, std::size_t piece, std::size_t* left = nullptr)
{
    ChunkedDecoder decoder(1000);
    std::string out;
    std::string waiting;
    while (!decoder.done()) {
        std::array<char, 7> room{};
        auto step = decoder.decode(waiting, room.data(), room.size());
        if (!step)
            return out + "!";
        waiting.erase(0, step->consumed);
        out.append(room.data(), step->produced);
        if (step->consumed != 0 || step->produced != 0)
            continue;
        if (wire.empty())
            return out + "?";
        waiting += wire.substr(0, piece);
        wire.remove_prefix(std::min(piece, wire.size()));
    }
    if (left != nullptr)
        *left = waiting.size() + wire.size();
    for (const auto& [name, value] : decoder.trailers())
        out += "[" + name + "=" + value + "]";
    return out;
}

} // namespace

TEST_CASE("chunked: however the bytes arrive, the body is the same")
{
    const std::string wire = "5\r\nhello\r\n1B;ext=\"1\"\r\nabcdefghijklmnopqrstuvwxyz!\r\n0\r\nX-T: v\r\n\r\nGET";
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 100U}) {
        std::size_t left = 0;
        CHECK(decode(wire, piece, &left) == "helloabcdefghijklmnopqrstuvwxyz![X-T=v]");
        CHECK(left == 3);
    }
}

TEST_CASE("chunked: what is malformed fails, what is cut waits")
{
    for (const char* bad : {"x\r\n", "\r\n", "5\nhello\r\n", "5\r\nhelloX\r\n", "-1\r\n", "0x5\r\nhello\r\n",
                            " 5\r\nhello\r\n", "11111111111111111\r\n", "0\r\nX : v\r\n\r\n", "0\r\n: v\r\n\r\n"})
        CHECK_MESSAGE(decode(bad, 100).ends_with("!"), bad);
    CHECK(decode("5\r\nhel", 100) == "hel?");
    CHECK(decode("0\r\n", 100) == "?");
    CHECK(decode("0\r\nX: " + std::string(2000, 'v') + "\r\n\r\n", 5000).ends_with("!"));
}
