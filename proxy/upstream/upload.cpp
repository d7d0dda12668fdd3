#include "proxy/upstream/upload.hpp"

#include "proxy/http/chunk_encoding.hpp"
#include "proxy/net/transfer_buffer.hpp"

namespace nomadic::proxy {

namespace {

// An upstream that knows nothing of Expect says nothing (RFC 9110, 10.1.1).
constexpr std::chrono::seconds longest_wait_for_continue{1};

} // namespace

struct Upload::State {
    BodyReader& body;
    std::shared_ptr<Transport> to;
    std::chrono::milliseconds patience;
    std::function<void()> finished;
    asio::steady_timer hesitation;
    enum class Word { none, go_on, answered } word = Word::none; // the upstream's, about the body
    bool done = false;
    std::optional<Failure> failure;
    asio::cancellation_signal stop;
};

Upload::Upload(BodyReader& body, std::shared_ptr<Transport> to, std::chrono::milliseconds patience,
               std::function<void()> finished)
{
    const auto executor = to->executor();
    state_.reset(new State{.body = body,
                           .to = std::move(to),
                           .patience = patience,
                           .finished = std::move(finished),
                           .hesitation = asio::steady_timer(executor),
                           .failure = {},
                           .stop = {}});
    // The signal must outlive the coroutine that listens to it, to the very end.
    const auto keep = [state = state_](const std::exception_ptr&) {};
    asio::co_spawn(executor, run(state_), asio::bind_cancellation_slot(state_->stop.slot(), keep));
}

Upload::~Upload()
{
    state_->finished = nullptr;
    state_->stop.emit(asio::cancellation_type::terminal);
}

void Upload::go_on()
{
    state_->word = State::Word::go_on;
    state_->hesitation.cancel();
}

void Upload::answered()
{
    state_->word = State::Word::answered;
    state_->hesitation.cancel();
}

bool Upload::done() const
{
    return state_->done;
}

std::optional<Failure> Upload::failure() const
{
    return state_->failure;
}

awaitable<void> Upload::run(std::shared_ptr<State> state)
{
    if (state->body.awaits_continue()) {
        state->hesitation.expires_after(longest_wait_for_continue);
        if (state->word == State::Word::none)
            co_await state->hesitation.async_wait(as_result);
        if (state->word == State::Word::answered)
            co_return;
    }
    const bool chunked = !state->body.length();
    TransferBuffer buffer;
    std::string chunk;
    for (;;) {
        auto got = co_await state->body.read_some(buffer.room());
        if (!got) {
            state->failure = got.error();
            state->to->close();
            co_return;
        }
        if (*got == 0)
            break;
        auto bytes = buffer.read(*got);
        if (chunked) {
            encode_chunk(bytes, chunk);
            bytes = chunk;
        }
        const bool sent = co_await state->to->write({}, bytes, state->patience);
        if (!sent)
            co_return; // the upstream does not take it; its answer may say why
    }
    if (chunked) {
        const auto end = last_chunk(allowed_trailers(state->body.trailers()));
        const bool sent = co_await state->to->write(end, {}, state->patience);
        if (!sent)
            co_return;
    }
    state->done = true;
    if (state->word != State::Word::answered)
        state->to->deadline().in(state->patience); // from now on it is the upstream that has to move
    if (state->finished)
        state->finished();
}

} // namespace nomadic::proxy
