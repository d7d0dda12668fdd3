#include "proxy/service/coded_body.hpp"

#include <algorithm>

namespace nomadic::proxy {

CodedBody::CodedBody(const cache::Spool& spool, std::uint64_t threshold, Coding coding,
                     std::shared_ptr<const cache::Body> plain)
    : plain_(std::move(plain)), builder_(spool, threshold), encoder_(make_encoder(coding, plain_->size()))
{}

Result<void> CodedBody::take(std::uint64_t end)
{
    constexpr std::uint64_t piece = std::uint64_t{256} << 10U;
    std::string buffer;
    do {
        const auto count = std::min(piece, end - taken_);
        auto bytes = plain_->bytes().substr(plain_->in_memory() ? taken_ : 0, count);
        if (!plain_->in_memory()) {
            buffer.resize(count);
            auto got = plain_->read_at(taken_, buffer.data(), count);
            if (!got)
                return got.error();
            if (*got != count)
                return cache::cut_short();
            bytes = buffer;
        }
        if (auto added = add(bytes); !added)
            return added;
    } while (taken_ != end);
    if (end != plain_->size())
        return {};
    auto body = builder_.finish();
    if (!body)
        return body.error();
    complete_ = std::move(*body);
    return {};
}

Result<void> CodedBody::add(std::string_view bytes)
{
    taken_ += bytes.size();
    const auto more = taken_ == plain_->size() ? Encoder::More::none : Encoder::More::follows;
    auto added = encoder_->add(bytes, more, builder_.buffer());
    return added ? builder_.flush() : added;
}

} // namespace nomadic::proxy
