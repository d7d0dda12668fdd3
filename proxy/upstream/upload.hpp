#pragma once

// Sends a request's body upstream, piece by piece, while its answer is awaited: the upstream may answer before it has
// all of it, and may not even want it. Loop thread.

#include "proxy/http/message.hpp"
#include "proxy/net/transport.hpp"

namespace nomadic::proxy {

class Upload {
public:
    // `finished` is called when all of it is sent.
    Upload(BodyReader& body, std::shared_ptr<Transport> to, std::chrono::milliseconds patience,
           std::function<void()> finished);
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;
    ~Upload(); // what is under way is cancelled; the reader of `body` may need a moment to let go of it

    void go_on();      // the upstream asks for the body (100)
    void answered();   // it has answered already: what has not begun need not begin
    bool done() const; // all of it was sent
    // The client did not send all of it, or not as it should. The connection is closed then, so that the upstream can't
    // take the part for the whole.
    std::optional<Failure> failure() const;

private:
    struct State;
    static awaitable<void> run(std::shared_ptr<State> state);

    std::shared_ptr<State> state_;
};

} // namespace nomadic::proxy
