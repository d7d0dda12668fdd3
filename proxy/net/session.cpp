#include "proxy/net/session.hpp"

#include "base/log.hpp"
#include "proxy/http/field_lines.hpp"
#include "proxy/http/page_guard.hpp"
#include "proxy/http/problem.hpp"
#include "proxy/http/request_head.hpp"
#include "proxy/net/answer_writer.hpp"
#include "proxy/net/request_body.hpp"
#include "proxy/net/request_id.hpp"

namespace nomadic::proxy {

namespace {

// What is left of a body that nobody read is read and dropped up to this; beyond it the connection closes.
constexpr std::size_t most_drained_body = 256 * 1024;

// Most heads fit into what a connection keeps while it waits for the next; thousands may wait.
constexpr std::size_t kept_buffer = 2 * 1024, rest_of_head = 8 * 1024;

// A request may be on its way when we stop: closing on it at once would lose it.
constexpr std::chrono::milliseconds last_request_grace{250};

Failure nobody_there()
{
    return {.code = Errc::cancelled, .detail = "The client went away.", .members = {}};
}

} // namespace

awaitable<void> Session::run()
{
    waiting_since_ = std::chrono::steady_clock::now();
    transport_->deadline().in(context_->limits.header_timeout);
    bool more = co_await transport_->handshake();
    while (more)
        more = co_await exchange();
    close();
}

void Session::drain()
{
    if (idle_)
        transport_->deadline().in(last_request_grace);
}

awaitable<bool> Session::exchange()
{
    auto length = co_await read_head();
    if (!length) {
        if (length.error().code != Errc::cancelled)
            co_await refuse(length.error());
        co_return false;
    }
    const std::string asked(text_of(buffer_).substr(0, *length));
    const auto generation = context_->repeats.generation();
    auto head = parse_request_head(asked);
    buffer_.consume(*length);
    if (!head) {
        co_await refuse(head.error());
        co_return false;
    }
    auto& request = head->request;
    request.peer = peer_;
    const auto given = request.fields.get("X-Request-ID");
    request.request_id = is_sane_id(given) ? std::string(given) : next_request_id();

    RequestBody body(transport_, buffer_, head->framing, context_->limits);
    request.body = &body;
    transport_->deadline().never(); // how long an answer may take is the handler's affair
    auto response = co_await answer(request);
    response.fields.set("X-Request-ID", request.request_id);
    const bool last =
        !head->framing.keep_alive || response.close || context_->draining || !body.drainable(most_drained_body);
    if (!last && !head->framing.has_body() && !head->framing.expects_continue)
        context_->repeats.keep(asked, request, response, generation);
    const bool written = co_await write_answer(*transport_, context_->workers, context_->limits, request, response,
                                               last ? Connection::close : Connection::keep_alive);
    response.body = {}; // whatever still read the request's body for it lets go
    co_await body.at_rest();
    bool another = written && !last;
    if (another)
        another = co_await body.drain(most_drained_body);
    count_traffic();
    if (written && !another)
        co_await finish_closing();
    co_return another;
}

awaitable<Response> Session::answer(Request& request)
{
    try {
        co_return co_await context_->handler(request);
    } catch (const std::exception& bug) {
        log::error("a handler threw",
                   {{"path", request.path}, {"error", bug.what()}, {"request_id", request.request_id}});
    }
    co_return problem({.code = Errc::internal,
                       .detail = "The daemon failed in a way it should not. Its log says more; the request id is " +
                                 request.request_id + ".",
                       .members = {}},
                      request.target);
}

// Errc::cancelled: the client went, or nothing came in time, and there is nobody to tell.
awaitable<Result<std::size_t>> Session::read_head()
{
    const auto& limits = context_->limits;
    await_request();
    for (;;) {
        auto received = text_of(buffer_);
        const bool answered = answer_repeats(received);
        buffer_.consume(buffer_.size() - received.size());
        if (answered) {
            if (rest_) {
                const bool written = co_await write_rest();
                if (!written)
                    co_return nobody_there();
            }
            await_request();
            if (idle_) { // who asks for the same once more often does so again
                Receiver receiver = [this](std::string_view bytes) { return answer_received(bytes); };
                co_await transport_->receive_while(std::move(receiver));
            }
            continue;
        }
        const auto length = head_length(text_of(buffer_));
        if (length && *length <= limits.max_header_bytes) {
            idle_ = false;
            waiting_since_.reset();
            co_return *length;
        }
        if (length || buffer_.size() > limits.max_header_bytes)
            co_return too_large();
        const auto used = buffer_.size();
        if (used != 0 && std::exchange(idle_, false))
            transport_->deadline().in(limits.header_timeout);
        const auto piece = used == 0 ? kept_buffer : rest_of_head;
        auto [error, count] = co_await transport_->read_some(buffer_.prepare(piece));
        transport_->traffic().received += count;
        buffer_.commit(count);
        if (error)
            co_return nobody_there();
    }
}

void Session::await_request()
{
    const auto& limits = context_->limits;
    waiting_since_ = std::chrono::steady_clock::now();
    idle_ = buffer_.size() == 0;
    if (idle_ && buffer_.capacity() > kept_buffer)
        buffer_.shrink_to_fit();
    const auto patience = context_->draining ? last_request_grace : limits.idle_timeout;
    transport_->deadline().at(*waiting_since_ + (idle_ ? patience : limits.header_timeout));
}

bool Session::answer_repeats(std::string_view& received)
{
    bool answered = rest_.has_value();
    while (!rest_) {
        if (received.starts_with("\r\n"))
            received.remove_prefix(2); // an empty line before a request is let pass (RFC 9112, 2.2)
        const auto length = head_length(received);
        if (!length || *length > context_->limits.max_header_bytes)
            break;
        const auto again = find_repeat(received.substr(0, *length));
        if (!again)
            break;
        received.remove_prefix(*length);
        repeat(*again);
        answered = true;
    }
    return answered;
}

// The rest of it goes where the coroutine finds it.
bool Session::answer_received(std::string_view received)
{
    transport_->traffic().received += received.size();
    answer_repeats(received);
    buffer_.commit(asio::buffer_copy(buffer_.prepare(received.size()), asio::buffer(received)));
    await_request();
    return idle_ && !rest_;
}

std::optional<Repeats::Repeated> Session::find_repeat(std::string_view head)
{
    return context_->draining ? std::nullopt : context_->repeats.find(head, peer_);
}

void Session::repeat(const Repeats::Repeated& again)
{
    const auto body = again.body ? again.body->bytes() : std::string_view{};
    const auto sent = transport_->send_now(again.head, body);
    const auto of_head = std::min(sent, again.head.size());
    if (sent < again.head.size() + body.size())
        rest_.emplace(std::string(again.head.substr(of_head)), again.body, sent - of_head);
    count_traffic();
}

awaitable<bool> Session::write_rest()
{
    const auto body = rest_->body ? rest_->body->bytes() : std::string_view{};
    const bool written =
        co_await transport_->write(rest_->head, body.substr(rest_->body_sent), context_->limits.body_timeout);
    rest_.reset();
    count_traffic();
    co_return written;
}

Failure Session::too_large() const
{
    const bool in_first_line =
        std::min(text_of(buffer_).find('\n'), buffer_.size()) >= context_->limits.max_header_bytes;
    return {.code = in_first_line ? Errc::uri_too_long : Errc::header_too_large,
            .detail = std::string(in_first_line ? "The request's URL" : "The request's header") +
                      " is larger than limits.max_header_bytes allows (" +
                      std::to_string(context_->limits.max_header_bytes) + " bytes).",
            .members = {}};
}

void Session::count_traffic()
{
    const auto traffic = std::exchange(transport_->traffic(), {});
    context_->traffic.received += traffic.received;
    context_->traffic.sent += traffic.sent;
}

// A request that could not be read has no framing to go on with: answer, then close.
awaitable<void> Session::refuse(const Failure& failure)
{
    Request unread;
    unread.method = "GET";
    auto response = problem(failure, "");
    keep_from_pages(response.fields);
    response.fields.set("X-Request-ID", next_request_id());
    const bool written =
        co_await write_answer(*transport_, context_->workers, context_->limits, unread, response, Connection::close);
    if (written)
        co_await finish_closing();
}

// Closing with unread bytes would reset the connection and might take the answer with it: say that we are done, then
// read what still comes, as long as it comes, for a short while.
awaitable<void> Session::finish_closing()
{
    constexpr std::chrono::milliseconds silence{1000};
    constexpr std::chrono::seconds longest{5};
    transport_->shutdown_send();
    const auto end = std::chrono::steady_clock::now() + longest;
    std::string waste(16 * 1024, '\0');
    while (std::chrono::steady_clock::now() < end) {
        transport_->deadline().in(silence);
        auto [error, count] = co_await transport_->read_some(asio::buffer(waste));
        if (error)
            break;
    }
}

} // namespace nomadic::proxy
