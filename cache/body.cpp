#include "cache/body.hpp"

#include "cache/reserve.hpp"

#include <algorithm>
#include <utility>

namespace nomadic::cache {

namespace {

Failure no_room(const std::string& why)
{
    constexpr std::chrono::seconds later{10};
    return {.code = Errc::no_room,
            .detail =
                "The answer is too large for the memory that is left, and can't lie on the disk in its place: " + why,
            .members = {{"limit", "cache.hot_bytes"}},
            .retry_after = later,
            .advice = "Make room on the disk of cache.data_dir, ask for less at a time, or raise cache.hot_bytes."};
}

} // namespace

Result<std::shared_ptr<Body>> Body::with_room(const Spool& spool, std::uint64_t threshold, std::uint64_t length)
{
    if (length > threshold) {
        auto file = SpoolFile::open(spool);
        const auto room = file ? file->set_aside(length, spool) : file.error();
        if (room)
            return std::make_shared<Body>(std::move(*file));
        if (room.error().code == Errc::overloaded)
            return room.error();
        if (!reserve(in_memory_now_, length, spool.most_in_memory))
            return no_room(room.error().detail);
        in_memory_now_ -= length; // the body counts itself
    }
    return std::make_shared<Body>(std::string(length, '\0'));
}

Result<void> Body::write_at(std::uint64_t offset, std::string_view bytes)
{
    if (file_)
        return file_->write_at(offset, bytes);
    bytes.copy(bytes_.data() + offset, bytes.size());
    return {};
}

Result<void> BodyBuilder::flush()
{
    if (!no_file_.empty())
        return count(buffer_.size());
    // Once spooled, writing in pieces of a megabyte costs no more than in larger ones.
    constexpr std::uint64_t piece = 1U << 20U;
    // What is set aside at once takes memory only as it is filled; to double it time and again takes twice as much.
    constexpr std::uint64_t most_set_aside = 32U << 20U;
    const auto wanted = std::min(threshold_, most_set_aside) + piece;
    if (!file_ && buffer_.size() > piece && buffer_.capacity() < wanted)
        buffer_.reserve(wanted);
    if (buffer_.size() <= (file_ ? piece : threshold_))
        return {};
    auto written = write_out();
    if (written || written.error().code == Errc::overloaded)
        return written;
    return stay_in_memory(written.error());
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

Result<void> BodyBuilder::stay_in_memory(const Failure& why)
{
    no_file_ = why.detail;
    if (auto counted = count(buffer_.size() + (file_ ? file_->size() : 0)); !counted)
        return counted;
    return take_back();
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

// Others count at the same time: what they would have too much is theirs to do without.
Result<void> BodyBuilder::count(std::uint64_t bytes)
{
    const auto more = bytes - counted_;
    if (!reserve(Body::in_memory_now_, more, spool_.most_in_memory))
        return no_room(no_file_);
    counted_ = bytes;
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
        if (auto stayed = stay_in_memory(written.error()); !stayed)
            return stayed.error();
    }
    Body::in_memory_now_ -= std::exchange(counted_, 0);
    if (buffer_.size() < buffer_.capacity() / 2) // what was set aside in vain
        buffer_.shrink_to_fit();
    return std::make_shared<const Body>(std::move(buffer_));
}

} // namespace nomadic::cache
