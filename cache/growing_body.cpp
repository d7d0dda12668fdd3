#include "cache/growing_body.hpp"

#include <algorithm>

namespace nomadic::cache {

namespace {

// The first come early; the others are worth waking up their readers for.
constexpr std::uint64_t smallest_piece = std::uint64_t{64} << 10U, largest_piece = std::uint64_t{1} << 20U;

Failure other_length(std::uint64_t promised, std::uint64_t made)
{
    return {.code = Errc::internal,
            .detail = "An answer of " + std::to_string(promised) + " bytes was promised, and " + std::to_string(made) +
                      " have come.",
            .members = {}};
}

} // namespace

Result<GrowingBody> GrowingBody::begin(const Spool& spool, std::uint64_t threshold, std::uint64_t length)
{
    auto body = Body::with_room(spool, threshold, length);
    if (!body)
        return body.error();
    return GrowingBody(std::move(*body));
}

Result<void> GrowingBody::flush()
{
    const auto worth_it = std::clamp(grown_, smallest_piece, largest_piece);
    return buffer_.size() < worth_it ? Result<void>{} : hand_over();
}

Result<void> GrowingBody::finish()
{
    auto done = hand_over();
    if (done && grown_ != body_->size())
        return other_length(body_->size(), grown_);
    return done;
}

Result<void> GrowingBody::hand_over()
{
    if (buffer_.size() > body_->size() - grown_)
        return other_length(body_->size(), grown_ + buffer_.size());
    auto written = body_->write_at(grown_, buffer_);
    if (!written)
        return written;
    grown_ += buffer_.size();
    buffer_.clear();
    return {};
}

} // namespace nomadic::cache
