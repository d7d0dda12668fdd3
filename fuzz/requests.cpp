// What a client may put on the wire: heads and chunked bodies.

#include "proxy/http/chunked.hpp"
#include "proxy/http/field_lines.hpp"
#include "proxy/http/request_head.hpp"

#include <cstdint>
#include <cstdlib>

using namespace nomadic::proxy;

namespace {

// The same bytes must mean the same however they are cut.
std::string decode(std::string_view wire, std::size_t piece)
{
    ChunkedDecoder decoder(4096);
    std::string out;
    std::string waiting;
    while (!decoder.done()) {
        std::array<char, 64> room{};
        const auto step = decoder.decode(waiting, room.data(), room.size());
        if (!step)
            return "failed";
        waiting.erase(0, step->consumed);
        out.append(room.data(), step->produced);
        if (step->consumed != 0 || step->produced != 0)
            continue;
        if (wire.empty())
            return "unfinished";
        waiting += wire.substr(0, piece);
        wire.remove_prefix(std::min(piece, wire.size()));
    }
    return "whole:" + out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto length = head_length(text)) {
        const auto head = parse_request_head(text.substr(0, *length));
        if (head && head->framing.chunked && head->framing.content_length)
            std::abort();
    }
    if (decode(text, 1) != decode(text, size + 1))
        std::abort();
    return 0;
}
