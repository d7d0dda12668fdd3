#pragma once

// The chunked transfer coding, read strictly (RFC 9112, 7.1), as a state machine over whatever bytes there are. Pure.

#include "proxy/http/message.hpp"

namespace nomadic::proxy {

class ChunkedDecoder {
public:
    explicit ChunkedDecoder(std::size_t most_trailer_bytes) : most_trailer_bytes_(most_trailer_bytes) {}

    struct Step {
        std::size_t consumed = 0; // of `in`
        std::size_t produced = 0; // into `out`
    };
    // Neither consumed nor produced anything: more input (or more room) is needed. Fails with Errc::bad_request.
    Result<Step> decode(std::string_view in, char* out, std::size_t room);

    bool done() const { return state_ == State::done; }
    const Fields& trailers() const { return trailers_; }

private:
    enum class State { size, data, data_end, trailer, done };

    Result<void> begin_chunk(std::string_view line);
    Result<void> take_trailer(std::string_view line);

    State state_ = State::size;
    std::uint64_t left_ = 0; // of the chunk
    std::size_t most_trailer_bytes_;
    std::size_t trailer_bytes_ = 0;
    Fields trailers_;
};

} // namespace nomadic::proxy
