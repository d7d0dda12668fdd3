#pragma once

// A request and its answer as the routes see them: nothing of sockets, framing or timeouts, which are the session's
// (proxy/net). Loop thread.

#include "base/clock.hpp"
#include "base/error.hpp"
#include "cache/body.hpp"
#include "proxy/net/asio.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace nomadic::proxy {

struct Field {
    std::string name;
    std::string value;
};

// Header fields in order, repeats kept. Names compare without case.
class Fields {
public:
    void add(std::string name, std::string value) { fields_.push_back({std::move(name), std::move(value)}); }
    void set(std::string_view name, std::string value); // replaces every field of that name
    void remove(std::string_view name);
    bool has(std::string_view name) const;
    std::size_t count(std::string_view name) const;
    std::string_view get(std::string_view name) const; // the first; an empty view when absent
    std::string joined(std::string_view name) const;   // all of them, ", " between (RFC 9110, 5.3)
    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    bool empty() const { return fields_.empty(); }

private:
    std::vector<Field> fields_;
};

// Who is at the other end of the connection.
struct Peer {
    enum class Kind { tcp, unix_socket } kind = Kind::tcp;
    std::string address; // "127.0.0.1:53412", or "uid=1000" for a Unix socket
    bool loopback = true;
    bool encrypted = false;
    unsigned uid = 0, gid = 0;      // Unix socket only (SO_PEERCRED)
    std::vector<unsigned> groups{}; // likewise, the supplementary ones (SO_PEERGROUPS)
    int pid = 0;
};

// The body of a request, read piece by piece. Reading past the end yields 0.
class BodyReader {
public:
    virtual ~BodyReader() = default;
    virtual awaitable<Result<std::size_t>> read_some(asio::mutable_buffer) = 0;
    virtual std::optional<std::uint64_t> length() const = 0; // absent when chunked
    virtual const Fields& trailers() const = 0;              // complete once read_some has returned 0
    // The client sends the body only when told to: the first read_some does so (RFC 9110, 10.1.1).
    virtual bool awaits_continue() const = 0;
    // It has kept us waiting for longer than limits.body_timeout, and what came was hardly worth it.
    virtual bool crawls() const = 0;
    // Once the client has closed its side, calls `act` every second until the request is over. It may be gone, or may
    // only have no more to say: whoever works for it decides by what still moves.
    virtual void on_hang_up(std::function<void()> act) = 0;
};

struct Request {
    std::string method;
    std::string target;         // in origin-form, its bytes as received
    unsigned minor_version = 1; // of HTTP/1
    std::string path;           // of the target, still percent-encoded
    std::string query;          // of the target without '?', still percent-encoded
    Fields fields;
    Peer peer;
    std::string route = "other"; // the pattern it matched, for metrics; never what a client chose
    std::string request_id;      // the client's X-Request-ID when it is sane, else ours
    BodyReader* body = nullptr;  // never null inside a handler; owned by the session

    bool is_safe() const { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }
};

// Reads the whole body; Errc::payload_too_large beyond `limit` bytes.
awaitable<Result<std::string>> read_body(BodyReader& body, std::uint64_t limit);

// Where a streaming answer writes. Each write waits until the client took the bytes: back-pressure.
class BodyWriter {
public:
    virtual ~BodyWriter() = default;
    virtual awaitable<Result<void>> write(std::string_view bytes) = 0;
    virtual void trailer(std::string name, std::string value) = 0; // sent after the last chunk
    virtual bool gone() const = 0;                                 // the client has closed its connection
};
// A failure after the head has gone out breaks the connection, so that a cut body can't pass for a whole one.
using Stream = std::function<awaitable<Result<void>>(BodyWriter&)>;

// What it takes to give an answer once more to the same request (proxy/net/repeats.hpp).
struct Repeat {
    using Note = std::function<void(const Peer& peer, std::string_view request_id, std::chrono::nanoseconds took)>;
    Repeat(std::chrono::steady_clock::time_point end, Note on_repeat) : until(end), note(std::move(on_repeat)) {}

    std::chrono::steady_clock::time_point until; // from then on it would be another answer
    Note note;                                   // counts and logs it, each time
};

struct Response {
    unsigned status = 200;
    std::string reason; // "" for the usual one
    Fields fields;      // without framing fields, which the session adds
    std::variant<std::string, std::shared_ptr<const cache::Body>, Stream> body;
    std::optional<std::uint64_t> content_length{}; // of a Stream, or of the body a HEAD answer leaves out
    bool close = false;
    bool forwarded = false; // the upstream's own, which we do not dress up
    std::string failure{};  // why we failed, in a sentence for the log; "" when we did not, or only the client did
    // A fresh answer from the store: until then the same request gets the same one, if nothing is written meanwhile.
    std::optional<TimePoint> same_until{};
    std::shared_ptr<const Repeat> repeat{}; // null: it is never given again
};

using Handler = std::function<awaitable<Response>(Request&)>;

} // namespace nomadic::proxy
