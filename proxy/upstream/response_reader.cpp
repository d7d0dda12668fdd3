#include "proxy/upstream/response_reader.hpp"

#include "proxy/http/field_lines.hpp"

#include <cstring>

namespace nomadic::proxy {

namespace {

constexpr std::size_t most_head_bytes = 256 * 1024;
constexpr unsigned most_informational = 32; // an upstream that sends no end of them will never answer

Failure broken(const std::string& why)
{
    return {.code = Errc::upstream_failed,
            .detail = "The upstream's answer broke off or is not HTTP: " + why + ".",
            .members = {}};
}

// What an upstream that wants to see a certificate of ours does: with TLS 1.3 it says so only after the handshake.
bool asks_for_certificate(const boost::system::error_code& error)
{
    return error.category() == asio::error::get_ssl_category() &&
           ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED;
}

Failure broken(const boost::system::error_code& error)
{
    auto failure = broken(error.message());
    if (asks_for_certificate(error))
        failure.advice = "It asks for a certificate of yours: set upstream.client_certificate and upstream.client_key.";
    return failure;
}

Failure too_late()
{
    return {.code = Errc::upstream_timeout,
            .detail = "The upstream did not answer in time (upstream.request_timeout).",
            .members = {}};
}

} // namespace

ResponseReader::ResponseReader(std::shared_ptr<Transport> transport, std::string_view request_method,
                               std::chrono::milliseconds patience)
    : transport_(std::move(transport)), request_method_(request_method), patience_(patience), decoder_(most_head_bytes)
{}

awaitable<Result<void>> ResponseReader::read_head(std::function<void()> informed)
{
    for (unsigned seen = 0; seen <= most_informational; ++seen) {
        auto length = head_length(buffer_);
        std::optional<std::chrono::steady_clock::time_point> end; // of our patience, once the head has begun
        while (!length) {
            if (buffer_.size() > most_head_bytes)
                co_return broken("its head is too large");
            constexpr std::size_t piece = 16 * 1024;
            if (auto filled = co_await fill(piece); !filled)
                co_return filled.error();
            const auto now = std::chrono::steady_clock::now();
            if (now >= end.value_or(now + patience_))
                co_return too_late();
            end = end.value_or(now + patience_);
            length = head_length(buffer_);
        }
        auto head = parse_response_head(std::string_view(buffer_).substr(0, *length), request_method_);
        if (!head)
            co_return head.error();
        buffer_.erase(0, *length);
        if (!head->informational()) {
            head_ = std::move(*head);
            left_ = head_.content_length.value_or(0);
            done_ = head_.body == ResponseHead::Body::none || (head_.body == ResponseHead::Body::counted && left_ == 0);
            co_return Result<void>{};
        }
        if (head->status == 101)
            co_return broken("it changes the protocol, which nobody asked for");
        if (informed)
            informed();
    }
    co_return broken("only interim answers came");
}

awaitable<Result<std::size_t>> ResponseReader::read_some(asio::mutable_buffer out)
{
    if (done_ || out.size() == 0)
        co_return std::size_t{0};
    if (head_.body == ResponseHead::Body::counted)
        co_return co_await read_counted(out);
    if (head_.body == ResponseHead::Body::chunked)
        co_return co_await read_chunked(out);
    co_return co_await read_until_close(out);
}

awaitable<Result<std::size_t>> ResponseReader::read_counted(asio::mutable_buffer out)
{
    const auto room = asio::buffer(out, static_cast<std::size_t>(std::min(std::uint64_t{out.size()}, left_)));
    auto count = take_buffered(room);
    if (count == 0) {
        bool ended = false;
        auto received = co_await receive(room, ended);
        if (!received)
            co_return received;
        if (ended)
            co_return broken("it ended too early");
        count = *received;
    }
    left_ -= count;
    done_ = left_ == 0;
    co_return count;
}

awaitable<Result<std::size_t>> ResponseReader::read_chunked(asio::mutable_buffer out)
{
    for (;;) {
        auto step = decoder_.decode(buffer_, static_cast<char*>(out.data()), out.size());
        if (!step)
            co_return broken("its chunked body is malformed");
        buffer_.erase(0, step->consumed);
        done_ = decoder_.done();
        if (step->produced != 0 || done_)
            co_return step->produced;
        constexpr std::size_t piece = 64 * 1024;
        if (auto filled = co_await fill(piece); !filled)
            co_return filled.error();
    }
}

awaitable<Result<std::size_t>> ResponseReader::read_until_close(asio::mutable_buffer out)
{
    if (const auto count = take_buffered(out); count != 0)
        co_return count;
    auto received = co_await receive(out, done_);
    co_return received;
}

std::size_t ResponseReader::take_buffered(asio::mutable_buffer out)
{
    const auto count = std::min(buffer_.size(), out.size());
    if (count != 0) {
        std::memcpy(out.data(), buffer_.data(), count);
        buffer_.erase(0, count);
    }
    return count;
}

awaitable<Result<void>> ResponseReader::fill(std::size_t piece)
{
    const auto used = buffer_.size();
    buffer_.resize(used + piece);
    bool ended = false;
    auto received = co_await receive(asio::buffer(buffer_.data() + used, piece), ended);
    buffer_.resize(used + (received ? *received : 0));
    if (!received)
        co_return received.error();
    if (ended)
        co_return broken(received_ == 0 ? "the connection ended before it began" : "it ended too early");
    co_return Result<void>{};
}

// Only an orderly end is an end: over TLS the peer must have said so itself, since anybody on the way can cut the
// connection below it.
awaitable<Result<std::size_t>> ResponseReader::receive(asio::mutable_buffer out, bool& ended)
{
    transport_->deadline().in(patience_);
    auto [error, count] = co_await transport_->read_some(out);
    transport_->deadline().never();
    received_ += count;
    if (transport_->deadline().expired())
        co_return too_late();
    ended = error == asio::error::eof;
    if (error && !ended)
        co_return broken(error);
    co_return count;
}

} // namespace nomadic::proxy
