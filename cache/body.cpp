#include "cache/body.hpp"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace nomadic::cache {

namespace {

Failure file_failure(std::string_view doing)
{
    return {.code = Errc::store_failed,
            .detail = std::string(doing) + " a temporary file failed: " + std::generic_category().message(errno) + ".",
            .members = {}};
}

std::atomic<std::uint64_t> spooled{0};

} // namespace

std::uint64_t spooled_bytes()
{
    return spooled;
}

Body::Body(int descriptor, std::uint64_t size) : size_(size), descriptor_(descriptor)
{
    spooled += size_;
}

Body::~Body()
{
    in_memory_now_ -= bytes_.size();
    if (descriptor_ < 0)
        return;
    ::close(descriptor_);
    spooled -= size_;
}

Result<std::size_t> Body::read_at(std::uint64_t offset, char* out, std::size_t count) const
{
    std::size_t done = 0;
    while (done < count) {
        const auto got = ::pread(descriptor_, out + done, count - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_failure("Reading");
        if (got == 0)
            break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

BodyBuilder::~BodyBuilder()
{
    if (descriptor_ < 0)
        return;
    ::close(descriptor_);
    spooled -= written_;
}

Result<void> BodyBuilder::flush()
{
    // Once spooled, writing in pieces of a megabyte costs no more than in larger ones.
    constexpr std::uint64_t piece = 1U << 20U;
    if (buffer_.size() <= (descriptor_ < 0 ? threshold_ : piece) || write_out())
        return {};
    threshold_ = std::numeric_limits<std::uint64_t>::max();
    return take_back();
}

bool BodyBuilder::write_out()
{
    if (descriptor_ < 0)
        descriptor_ = ::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor_ < 0)
        return false;
    for (std::size_t done = 0; done < buffer_.size();) {
        const auto offset = static_cast<off_t>(written_ + done);
        const auto wrote = ::pwrite(descriptor_, buffer_.data() + done, buffer_.size() - done, offset);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return false;
        done += static_cast<std::size_t>(wrote);
    }
    written_ += buffer_.size();
    spooled += buffer_.size();
    buffer_.clear();
    return true;
}

Result<void> BodyBuilder::take_back()
{
    if (descriptor_ < 0)
        return {};
    spooled -= written_;
    const Body file(std::exchange(descriptor_, -1), std::exchange(written_, 0));
    std::string bytes(file.size(), '\0');
    auto got = file.read_at(0, bytes.data(), bytes.size());
    if (!got)
        return got.error();
    buffer_.insert(0, bytes);
    return {};
}

Result<std::shared_ptr<const Body>> BodyBuilder::finish()
{
    if (descriptor_ >= 0 && write_out()) {
        spooled -= written_;
        return std::make_shared<const Body>(std::exchange(descriptor_, -1), written_);
    }
    if (auto taken = take_back(); !taken)
        return taken.error();
    return std::make_shared<const Body>(std::move(buffer_));
}

} // namespace nomadic::cache
