// What a damaged database may hold in a record.

#include "cache/sqlite/codec.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    nomadic::cache::sqlite::Codec codec;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)codec.decode("v", text);
    // Past the checksum as well.
    (void)codec.decode("v", codec.compress(text));
    return 0;
}
