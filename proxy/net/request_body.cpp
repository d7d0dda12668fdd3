#include "proxy/net/request_body.hpp"

#include <cstring>

namespace nomadic::proxy {

RequestBody::RequestBody(Transport& transport, std::string& buffer, const Framing& framing,
                         const config::Limits& limits)
    : transport_(transport),
      buffer_(buffer),
      framing_(framing),
      limits_(limits),
      decoder_(limits.max_header_bytes),
      left_(framing.content_length.value_or(0)),
      done_(!framing.has_body())
{}

std::optional<std::uint64_t> RequestBody::length() const
{
    if (framing_.chunked)
        return std::nullopt;
    return framing_.content_length.value_or(0);
}

awaitable<Result<std::size_t>> RequestBody::read_some(asio::mutable_buffer out)
{
    if (done_ || out.size() == 0)
        co_return std::size_t{0};
    if (framing_.expects_continue) {
        framing_.expects_continue = false;
        if (buffer_.empty())
            co_await transport_.write("HTTP/1.1 100 Continue\r\n\r\n", {}, limits_.body_timeout);
    }
    if (framing_.chunked)
        co_return co_await read_chunked(out);
    co_return co_await read_counted(out);
}

awaitable<Result<std::size_t>> RequestBody::read_counted(asio::mutable_buffer out)
{
    if (buffer_.empty())
        if (auto filled = co_await fill(); !filled)
            co_return filled.error();
    const auto count =
        static_cast<std::size_t>(std::min({std::uint64_t{buffer_.size()}, std::uint64_t{out.size()}, left_}));
    std::memcpy(out.data(), buffer_.data(), count);
    buffer_.erase(0, count);
    left_ -= count;
    done_ = left_ == 0;
    co_return count;
}

awaitable<Result<std::size_t>> RequestBody::read_chunked(asio::mutable_buffer out)
{
    for (;;) {
        auto step = decoder_.decode(buffer_, static_cast<char*>(out.data()), out.size());
        if (!step)
            co_return step.error();
        buffer_.erase(0, step->consumed);
        done_ = decoder_.done();
        if (step->produced != 0 || done_)
            co_return step->produced;
        if (auto filled = co_await fill(); !filled)
            co_return filled.error();
    }
}

awaitable<Result<void>> RequestBody::fill()
{
    constexpr std::size_t piece = 64 * 1024;
    const auto used = buffer_.size();
    buffer_.resize(used + piece);
    transport_.deadline().in(limits_.body_timeout);
    auto [error, count] = co_await transport_.read_some(asio::buffer(buffer_.data() + used, piece));
    transport_.deadline().never();
    transport_.traffic().received += count;
    buffer_.resize(used + count);
    if (error)
        co_return Failure{
            .code = Errc::bad_request, .detail = "The request's body ended before it was whole.", .members = {}};
    co_return Result<void>{};
}

awaitable<bool> RequestBody::drain(std::size_t most)
{
    if (done_)
        co_return true;
    if (framing_.expects_continue || left_ > most)
        co_return false; // it has not been sent yet, or there is too much of it: closing is cheaper
    std::array<char, 16 * 1024> waste{};
    for (std::size_t total = 0; total <= most;) {
        auto got = co_await read_some(asio::buffer(waste));
        if (!got)
            co_return false;
        if (done_)
            co_return true;
        total += *got;
    }
    co_return false;
}

} // namespace nomadic::proxy
