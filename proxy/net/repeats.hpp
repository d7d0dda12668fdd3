#pragma once

// Answers that may be given once more to a request whose head is the same, byte for byte but for its X-Request-ID. An
// answer is a function of the head, of who asks and of what is stored; so while the last does not change (whatever
// changes it calls forget()) and the answer's Age and Date stand still, which is a second at most, the same head gets
// the same answer, without parsing, routing or looking anything up again. Loop thread.

#include "base/secret.hpp"
#include "proxy/http/message.hpp"

#include <unordered_map>

namespace nomadic::proxy {

class Repeats {
public:
    struct Repeated {
        std::string_view head;                   // valid until the next find()
        std::shared_ptr<const cache::Body> body; // in memory; null when only the head is sent
    };

    // The answer to `head` (the whole head of a request), made out for this request: X-Request-ID and Server-Timing are
    // its own. Nothing when it has to be made anew.
    std::optional<Repeated> find(std::string_view head, const Peer& peer);

    // Keeps `response`, the answer to `head`, unless it is none that may be given again, or something has changed since
    // generation() was `generation`.
    void keep(std::string_view head, const Request& request, const Response& response, std::uint64_t generation);

    std::uint64_t generation() const { return generation_; }
    void forget(); // what is kept, and what is being answered now

private:
    struct Entry {
        std::unique_ptr<const Secret> asked; // may hold a key
        std::string head;                    // of the answer, without the fields that are each answer's own
        std::shared_ptr<const Repeat> repeat;
        bool timed;    // it has a Server-Timing
        bool has_body; // and this is it; the hot cache decides how long bodies live
        std::weak_ptr<const cache::Body> body;
    };

    std::uint64_t generation_ = 0;
    std::unordered_map<std::string_view, Entry> entries_; // bounded
    std::string key_, head_;                              // of the latest find(), for reuse
};

} // namespace nomadic::proxy
