#include "cache/body.hpp"

#include <limits>

namespace nomadic::cache {

Result<void> BodyBuilder::flush()
{
    // Once spooled, writing in pieces of a megabyte costs no more than in larger ones.
    constexpr std::uint64_t piece = 1U << 20U;
    if (buffer_.size() <= (file_ ? piece : threshold_))
        return {};
    auto written = write_out();
    if (written || written.error().code == Errc::overloaded)
        return written;
    threshold_ = std::numeric_limits<std::uint64_t>::max();
    return take_back();
}

Result<void> BodyBuilder::write_out()
{
    if (!file_) {
        auto opened = SpoolFile::open(spool_);
        if (!opened)
            return opened.error();
        file_.emplace(std::move(*opened));
    }
    auto written = file_->append(buffer_, spool_);
    if (written)
        buffer_.clear();
    return written;
}

Result<void> BodyBuilder::take_back()
{
    if (!file_)
        return {};
    std::string bytes(file_->size(), '\0');
    auto got = file_->read_at(0, bytes.data(), bytes.size());
    file_.reset();
    if (!got)
        return got.error();
    buffer_.insert(0, bytes);
    return {};
}

Result<std::shared_ptr<const Body>> BodyBuilder::finish()
{
    if (file_) {
        auto written = write_out();
        if (written)
            return std::make_shared<const Body>(std::move(*file_));
        if (written.error().code == Errc::overloaded)
            return written.error();
    }
    if (auto taken = take_back(); !taken)
        return taken.error();
    return std::make_shared<const Body>(std::move(buffer_));
}

} // namespace nomadic::cache
