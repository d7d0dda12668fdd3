#pragma once

// A body's content coding on its way, made of the bytes that are there while the others still come. One thread at a
// time; blocks: for the store's threads.

#include "cache/body.hpp"
#include "proxy/http/encoder.hpp"

namespace nomadic::proxy {

class CodedBody {
public:
    // `spool` outlives this; see BodyBuilder.
    CodedBody(const cache::Spool& spool, std::uint64_t threshold, Coding coding,
              std::shared_ptr<const cache::Body> plain);

    std::uint64_t taken() const { return taken_; } // of the plain bytes
    // Takes them as far as `end`. Once all are taken, the coded body is complete.
    Result<void> take(std::uint64_t end);
    const std::shared_ptr<const cache::Body>& complete() const { return complete_; } // null until then

private:
    Result<void> add(std::string_view bytes);

    std::shared_ptr<const cache::Body> plain_;
    cache::BodyBuilder builder_;
    std::unique_ptr<Encoder> encoder_;
    std::uint64_t taken_ = 0;
    std::shared_ptr<const cache::Body> complete_;
};

} // namespace nomadic::proxy
