#include "proxy/net/request_body.hpp"

namespace nomadic::proxy {

// What is to be done when the client hangs up, until the request is over.
struct RequestBody::HangUp {
    std::function<void()> act;
    asio::cancellation_signal over;
};

struct RequestBody::Rest {
    bool reading = false;
    std::optional<Signal> begun;
};

// Marks that somebody reads, in whichever way the reading ends.
class RequestBody::Reading {
public:
    explicit Reading(std::shared_ptr<Rest> rest) : rest_(std::move(rest)) { rest_->reading = true; }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading()
    {
        rest_->reading = false;
        if (rest_->begun)
            rest_->begun->fire();
    }

private:
    std::shared_ptr<Rest> rest_;
};

RequestBody::RequestBody(std::shared_ptr<Transport> transport, beast::flat_buffer& buffer, const Framing& framing,
                         const config::Limits& limits)
    : transport_(std::move(transport)),
      buffer_(buffer),
      framing_(framing),
      limits_(limits),
      decoder_(limits.max_header_bytes),
      left_(framing.content_length.value_or(0)),
      done_(!framing.has_body()),
      rest_(done_ ? nullptr : std::make_shared<Rest>())
{}

RequestBody::~RequestBody()
{
    if (!hang_up_)
        return;
    hang_up_->act = nullptr;
    hang_up_->over.emit(asio::cancellation_type::terminal);
}

void RequestBody::on_hang_up(std::function<void()> act)
{
    hang_up_ = std::make_shared<HangUp>();
    hang_up_->act = std::move(act);
    // The signal must outlive the coroutine that listens to it, to the very end.
    const auto keep = [hang_up = hang_up_](const std::exception_ptr&) {};
    asio::co_spawn(transport_->executor(), watch(transport_, hang_up_),
                   asio::bind_cancellation_slot(hang_up_->over.slot(), keep));
}

awaitable<void> RequestBody::watch(std::shared_ptr<Transport> transport, std::shared_ptr<HangUp> hang_up)
{
    constexpr std::chrono::seconds interval{1};
    asio::steady_timer timer(transport->executor());
    co_await transport->hang_up();
    while (hang_up->act) {
        timer.expires_after(interval);
        co_await timer.async_wait(as_result);
        if (hang_up->act)
            hang_up->act();
    }
}

bool RequestBody::crawls() const
{
    constexpr std::uint64_t slowest_a_second = 1024; // as no network of today is
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(waited_).count();
    return waited_ > limits_.body_timeout && received_ < slowest_a_second * static_cast<std::uint64_t>(seconds + 1);
}

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
    const Reading reading(rest_);
    const bool told_to = awaits_continue();
    framing_.expects_continue = false;
    if (told_to)
        co_await transport_->write("HTTP/1.1 100 Continue\r\n\r\n", {}, limits_.body_timeout);
    if (framing_.chunked)
        co_return co_await read_chunked(out);
    co_return co_await read_counted(out);
}

awaitable<Result<std::size_t>> RequestBody::read_counted(asio::mutable_buffer out)
{
    const auto most = static_cast<std::size_t>(std::min(std::uint64_t{out.size()}, left_));
    auto count = std::min(buffer_.size(), most);
    if (count == 0) {
        auto received = co_await receive(asio::buffer(out, most));
        if (!received)
            co_return received;
        count = *received;
    } else {
        asio::buffer_copy(asio::buffer(out, count), buffer_.data());
        buffer_.consume(count);
    }
    left_ -= count;
    done_ = left_ == 0;
    co_return count;
}

awaitable<Result<std::size_t>> RequestBody::read_chunked(asio::mutable_buffer out)
{
    for (;;) {
        auto step = decoder_.decode(text_of(buffer_), static_cast<char*>(out.data()), out.size());
        if (!step)
            co_return step.error();
        buffer_.consume(step->consumed);
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
    auto received = co_await receive(buffer_.prepare(piece));
    if (!received)
        co_return received.error();
    buffer_.commit(*received);
    co_return Result<void>{};
}

awaitable<Result<std::size_t>> RequestBody::receive(asio::mutable_buffer out)
{
    const auto begun = std::chrono::steady_clock::now();
    transport_->deadline().in(limits_.body_timeout);
    auto [error, count] = co_await transport_->read_some(out);
    transport_->deadline().never();
    transport_->traffic().received += count;
    waited_ += std::chrono::steady_clock::now() - begun;
    received_ += count;
    if (error)
        co_return Failure{
            .code = Errc::bad_request, .detail = "The request's body ended before it was whole.", .members = {}};
    co_return count;
}

awaitable<void> RequestBody::at_rest()
{
    if (!rest_ || !rest_->reading)
        co_return;
    rest_->begun.emplace(transport_->executor());
    co_await rest_->begun->wait();
}

awaitable<bool> RequestBody::drain(std::size_t most)
{
    if (done_)
        co_return true;
    if (!drainable(most))
        co_return false;
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
