#include "proxy/upstream/response_reader.hpp"

namespace nomadic::proxy {

namespace {

constexpr std::uint32_t most_head_bytes = 256 * 1024;

Failure broken(const std::string& why)
{
    return {.code = Errc::upstream_failed,
            .detail = "The upstream's answer broke off or is not HTTP: " + why + ".",
            .members = {}};
}

} // namespace

ResponseReader::ResponseReader(std::shared_ptr<Transport> transport, std::string_view request_method,
                               std::chrono::milliseconds patience)
    : transport_(std::move(transport)), patience_(patience), skip_body_(request_method == "HEAD")
{
    parser_.header_limit(most_head_bytes);
    parser_.body_limit(boost::none);
    parser_.skip(skip_body_);
}

awaitable<Result<void>> ResponseReader::read_head()
{
    for (;;) {
        while (!parser_.is_header_done()) {
            if (auto filled = co_await fill(); !filled)
                co_return filled.error();
            if (auto parsed = parse(); !parsed)
                co_return parsed.error();
        }
        const auto code = status();
        if (code < 100 || code >= 200 || code == 101)
            co_return Result<void>{};
        // An informational response is followed by the real one.
        std::destroy_at(&parser_);
        std::construct_at(&parser_);
        parser_.header_limit(most_head_bytes);
        parser_.body_limit(boost::none);
        parser_.skip(skip_body_);
        if (auto parsed = parse(); !parsed)
            co_return parsed.error();
    }
}

Fields ResponseReader::fields() const
{
    Fields fields;
    for (const auto& field : parser_.get())
        fields.add(std::string(field.name_string()), std::string(field.value()));
    return fields;
}

std::optional<std::uint64_t> ResponseReader::content_length() const
{
    const auto length = parser_.content_length();
    return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
}

awaitable<Result<std::size_t>> ResponseReader::read_some(asio::mutable_buffer out)
{
    auto& body = parser_.get().body();
    body.data = out.data();
    body.size = out.size();
    while (!parser_.is_done() && body.size == out.size()) {
        if (auto parsed = parse(); !parsed)
            co_return parsed.error();
        if (parser_.is_done() || body.size != out.size())
            break;
        if (auto filled = co_await fill(); !filled)
            co_return filled.error();
    }
    co_return out.size() - body.size;
}

Result<void> ResponseReader::parse()
{
    boost::system::error_code error;
    if (ended_ && buffer_.empty()) {
        parser_.put_eof(error);
        return error ? Result<void>(broken(error.message())) : Result<void>{};
    }
    while (!buffer_.empty() && !parser_.is_done()) {
        const bool in_head = !parser_.is_header_done();
        const auto used = parser_.put(asio::buffer(buffer_), error);
        buffer_.erase(0, used);
        if (error == http::error::need_more || error == http::error::need_buffer)
            return {};
        if (error)
            return broken(error.message());
        if (used == 0 || (in_head && parser_.is_header_done()))
            return {};
    }
    return {};
}

awaitable<Result<void>> ResponseReader::fill()
{
    if (ended_)
        co_return broken("it ended too early");
    constexpr std::size_t piece = 64 * 1024;
    const auto used = buffer_.size();
    buffer_.resize(used + piece);
    transport_->deadline().in(patience_);
    auto [error, count] = co_await transport_->read_some(asio::buffer(buffer_.data() + used, piece));
    buffer_.resize(used + count);
    begun_ = begun_ || count != 0;
    if (transport_->deadline().expired())
        co_return Failure{.code = Errc::upstream_timeout,
                          .detail = "The upstream did not answer in time (upstream.request_timeout).",
                          .members = {}};
    if (!error)
        co_return Result<void>{};
    // The end of the connection ends a body without a length; only the parser knows whether this is one.
    const bool end = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
    if (!end || !parser_.is_header_done())
        co_return broken(end ? "the connection ended before the answer began" : error.message());
    ended_ = true;
    if (auto parsed = parse(); !parsed)
        co_return parsed.error();
    co_return Result<void>{};
}

} // namespace nomadic::proxy
