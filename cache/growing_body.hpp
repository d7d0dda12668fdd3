#pragma once

// A body whose length is known before its bytes are, so that they can be sent while they are still being made. One
// thread makes it; what has been handed over may be read on any.

#include "cache/body.hpp"

namespace nomadic::cache {

class GrowingBody {
public:
    // Room for all of it is taken at once, in a file when it is longer than `threshold`, so that none can be lacking
    // later: fails as a BodyBuilder would in the end.
    static Result<GrowingBody> begin(const Spool& spool, std::uint64_t threshold, std::uint64_t length);

    // Its size is the length that was promised; bytes beyond grown() are nobody's to read.
    std::shared_ptr<const Body> body() const { return body_; }
    std::uint64_t grown() const { return grown_; }

    // Where to append; call flush() now and then. Once enough has come together to be worth handing over, the body
    // grows. Errc::internal when there is more than was promised.
    std::string& buffer() { return buffer_; }
    Result<void> flush();
    // The rest. Errc::internal unless there is as much as was promised.
    Result<void> finish();

private:
    explicit GrowingBody(std::shared_ptr<Body> body) : body_(std::move(body)) {}
    Result<void> hand_over();

    std::shared_ptr<Body> body_;
    std::uint64_t grown_ = 0;
    std::string buffer_;
};

} // namespace nomadic::cache
