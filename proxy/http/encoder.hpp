#pragma once

// Bytes become a content coding (RFC 9110, 8.4.1) piece by piece. Any thread, one at a time.

#include "base/error.hpp"
#include "proxy/http/content_coding.hpp"

#include <memory>

namespace nomadic::proxy {

class Encoder {
public:
    virtual ~Encoder() = default;
    // Appends to `out` what can be told of the bytes so far; with the last of them, all that is left.
    enum class More { follows, none };
    virtual Result<void> add(std::string_view bytes, More more, std::string& out) = 0;
};

// For gzip or zstd, of `size` bytes in all.
std::unique_ptr<Encoder> make_encoder(Coding coding, std::uint64_t size);

} // namespace nomadic::proxy
