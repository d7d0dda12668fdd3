#include "proxy/service/delivery.hpp"

#include "base/log.hpp"

namespace nomadic::proxy {

Delivery::Delivery(BatchService& batches, Renderings& renderings, Want want, batch::Representation representation,
                   Coding coding, bool fixed)
    : batches_(batches),
      renderings_(renderings),
      want_(std::move(want)),
      representation_(std::move(representation)),
      coding_(coding),
      fixed_(fixed)
{}

awaitable<Result<void>> Delivery::begin(Answer answer, std::string etag)
{
    etag_ = std::move(etag);
    auto rendered = co_await render(std::move(answer));
    if (!rendered)
        rendered = co_await go_around(rendered.error());
    co_return rendered;
}

awaitable<Result<void>> Delivery::render(Answer answer)
{
    answer_ = std::move(answer);
    auto rendered = co_await renderings_.get(answer_, representation_, coding_, etag_);
    if (!rendered)
        co_return rendered.error();
    rendering_ = std::move(*rendered);
    co_return Result<void>{};
}

// What is stored can't be read: upstream still can.
awaitable<Result<void>> Delivery::go_around(Failure why)
{
    if (answer_.held || batches_.offline() || Renderings::lacks_room(why))
        co_return why;
    auto answer = co_await batches_.around_store(want_, why);
    if (!answer)
        co_return answer.error();
    auto etag = Renderings::etag(answer->snapshot, representation_, coding_);
    if (fixed_ && etag != etag_)
        co_return why;
    etag_ = std::move(etag);
    co_return co_await render(std::move(*answer));
}

void Delivery::send(std::shared_ptr<Delivery> delivery, const std::optional<ByteRange>& part, Response& response)
{
    if (!part && !delivery->rendering_.growth) {
        response.body = delivery->rendering_.body;
        return;
    }
    const auto sent = part.value_or(ByteRange{0, delivery->size()});
    response.content_length = sent.length;
    response.body =
        Stream([delivery = std::move(delivery), sent](BodyWriter& writer) { return write(delivery, sent, writer); });
}

awaitable<Result<void>> Delivery::write(std::shared_ptr<Delivery> delivery, ByteRange part, BodyWriter& writer)
{
    auto& self = *delivery;
    auto written = co_await self.renderings_.write(self.rendering_, part, writer);
    const bool failed = !written && written.error().code != Errc::cancelled;
    if (!failed)
        co_return written;
    const auto promised = self.size();
    self.fixed_ = true;
    auto around = co_await self.go_around(written.error());
    if (around && self.size() == promised)
        co_return co_await self.renderings_.write(self.rendering_, part, writer);
    log::error(
        "an answer broke off",
        {{"batch_id", self.want_.batch_id}, {"request_id", self.want_.request_id}, {"error", written.error().detail}});
    co_return written;
}

} // namespace nomadic::proxy
