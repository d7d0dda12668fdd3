#include "proxy/net/answer_writer.hpp"

#include "base/log.hpp"
#include "cache/inbox.hpp"
#include "proxy/http/chunk_encoding.hpp"
#include "proxy/net/transfer_buffer.hpp"

namespace nomadic::proxy {

namespace {

std::string make_head(const Response& response, std::string_view framing, Connection connection, bool http_1_0)
{
    return begin_head(response, framing, connection, http_1_0 ? 0 : 1) + "\r\n";
}

std::string content_length(std::uint64_t size)
{
    return "Content-Length: " + std::to_string(size) + "\r\n";
}

// One chunk a write; or the bytes alone, when the length is known or the end of the connection ends the body.
class WireWriter final : public BodyWriter {
public:
    WireWriter(Transport& transport, std::chrono::milliseconds patience, bool chunked)
        : transport_(transport), patience_(patience), chunked_(chunked)
    {}

    awaitable<Result<void>> write(std::string_view bytes) override
    {
        if (bytes.empty())
            co_return Result<void>{};
        written_ += bytes.size();
        if (chunked_) {
            encode_chunk(bytes, chunk_);
            bytes = chunk_;
        }
        const bool sent = co_await transport_.write({}, bytes, patience_);
        if (!sent)
            co_return Failure{.code = Errc::cancelled, .detail = "The client went away.", .members = {}};
        co_return Result<void>{};
    }
    void trailer(std::string name, std::string value) override { trailers_.add(std::move(name), std::move(value)); }
    bool gone() const override { return !transport_.still_open(); }
    awaitable<bool> finish()
    {
        if (!chunked_)
            co_return true;
        const auto end = last_chunk(trailers_);
        co_return co_await transport_.write(end, {}, patience_);
    }
    std::uint64_t written() const { return written_; }

private:
    Transport& transport_;
    std::chrono::milliseconds patience_;
    bool chunked_;
    std::uint64_t written_ = 0;
    std::string chunk_;
    Fields trailers_;
};

awaitable<bool> write_file(Transport& transport, asio::thread_pool& workers, std::shared_ptr<const cache::Body> body,
                           std::chrono::milliseconds patience)
{
    TransferBuffer buffer;
    for (std::uint64_t offset = 0; offset < body->size();) {
        const auto room = buffer.room();
        auto read = [&body, offset, room] {
            return body->read_at(offset, static_cast<char*>(room.data()), room.size());
        };
        auto got = co_await cache::run_on(workers, std::move(read));
        if (!got || *got == 0) {
            log::error("a spooled answer can't be read back",
                       {{"error", got ? "it is too short" : got.error().detail}});
            co_return false;
        }
        const bool written = co_await transport.write({}, buffer.read(*got), patience);
        if (!written)
            co_return false;
        offset += *got;
    }
    co_return true;
}

} // namespace

awaitable<bool> write_answer(Transport& transport, asio::thread_pool& workers, const config::Limits& limits,
                             const Request& request, Response& response, Connection connection)
{
    const auto patience = limits.body_timeout;
    const bool http_1_0 = request.minor_version == 0;
    const bool bodiless = is_bodiless(response);
    const bool without_body = bodiless || request.method == "HEAD";

    if (const auto* stream = std::get_if<Stream>(&response.body)) {
        const bool chunked = !response.content_length && !http_1_0 && !without_body;
        const bool sized = response.content_length && response.status >= 200 && response.status != 204;
        const auto framing = sized     ? content_length(*response.content_length)
                             : chunked ? "Transfer-Encoding: chunked\r\n"
                                       : "";
        const bool until_close = !chunked && !sized && !without_body;
        if (until_close)
            connection = Connection::close;
        const auto head = make_head(response, framing, connection, http_1_0);
        const bool begun = co_await transport.write(head, {}, patience);
        if (!begun || without_body)
            co_return begun;
        WireWriter writer(transport, patience, chunked);
        auto done = co_await (*stream)(writer);
        // A cut body must not pass for a whole one: without its end the connection can only be dropped.
        const bool whole = done && (!response.content_length || writer.written() == *response.content_length);
        if (whole)
            co_return co_await writer.finish();
        if (until_close)
            transport.abort();
        else
            transport.close();
        co_return false;
    }

    const auto* file = std::get_if<std::shared_ptr<const cache::Body>>(&response.body);
    const auto bytes = file == nullptr ? std::string_view(std::get<std::string>(response.body)) : (*file)->bytes();
    const auto head = make_head(response, length_framing(response), connection, http_1_0);
    const bool begun = co_await transport.write(head, without_body ? std::string_view{} : bytes, patience);
    if (!begun || file == nullptr || (*file)->in_memory() || without_body)
        co_return begun;
    co_return co_await write_file(transport, workers, *file, patience);
}

} // namespace nomadic::proxy
