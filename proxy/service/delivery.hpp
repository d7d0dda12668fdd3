#pragma once

// An answer of a batch on its way to one client: rendered from the store or, where the store fails, from what upstream
// sends anew. Should that turn out when some of it has been sent, the rest comes from there, if it is still the same
// answer: a client sees no error because of the cache. Loop thread.

#include "proxy/service/batch_service.hpp"
#include "proxy/service/renderings.hpp"

namespace nomadic::proxy {

class Delivery {
public:
    // `fixed`: no other state of the batch will do than the one it begins with.
    Delivery(BatchService& batches, Renderings& renderings, Want want, batch::Representation representation,
             Coding coding, bool fixed);

    // Waits for its length and its first bytes. What the others tell holds from then on. `etag` is its entity tag.
    awaitable<Result<void>> begin(Answer answer, std::string etag);
    const Answer& answer() const { return answer_; } // held, if the store could not be read
    const std::string& etag() const { return etag_; }
    std::uint64_t events() const { return rendering_.events; }
    std::uint64_t size() const { return rendering_.body->size(); }

    // Makes the body, or a part of it, that of the response.
    static void send(std::shared_ptr<Delivery> delivery, const std::optional<ByteRange>& part, Response& response);

private:
    awaitable<Result<void>> render(Answer answer);
    awaitable<Result<void>> go_around(Failure why);
    static awaitable<Result<void>> write(std::shared_ptr<Delivery> delivery, ByteRange part, BodyWriter& writer);

    BatchService& batches_;
    Renderings& renderings_;
    Want want_;
    batch::Representation representation_;
    Coding coding_;
    bool fixed_;
    Answer answer_;
    std::string etag_;
    Rendering rendering_;
};

} // namespace nomadic::proxy
