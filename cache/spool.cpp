#include "cache/spool.hpp"

#include "cache/reserve.hpp"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace nomadic::cache {

namespace {

std::atomic<std::uint64_t> bytes_now = 0;
std::atomic<std::uint64_t> files_now = 0;

Failure file_failure(std::string_view doing)
{
    return {.code = Errc::store_failed,
            .detail = std::string(doing) + " a temporary file failed: " + std::generic_category().message(errno) + ".",
            .members = {}};
}

Failure full(const std::string& what, const std::string& setting)
{
    return {.code = Errc::overloaded,
            .detail = "Large answers that are being read or kept take " + what +
                      " allowed. Try again when others have read theirs, ask for less at a time, or raise " + setting +
                      ".",
            .members = {{"limit", setting}},
            .retry_after = std::chrono::seconds{1}};
}

Failure too_many_bytes(const Spool& spool)
{
    return full("the " + std::to_string(spool.most_bytes) + " bytes of temporary files", "cache.spool_bytes");
}

} // namespace

Failure cut_short()
{
    return {.code = Errc::store_failed, .detail = "A temporary file has become shorter.", .members = {}};
}

std::uint64_t spooled_bytes()
{
    return bytes_now;
}

std::uint64_t spooled_files()
{
    return files_now;
}

Result<SpoolFile> SpoolFile::open(const Spool& spool)
{
    if (!reserve(files_now, 1, spool.most_files))
        return full("the " + std::to_string(spool.most_files) + " temporary files", "cache.spool_files");
    SpoolFile file(::open(spool.directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (file.descriptor_ >= 0)
        return file;
    --files_now;
    return file_failure("Making");
}

SpoolFile SpoolFile::adopt(int descriptor, std::uint64_t size)
{
    SpoolFile file(descriptor);
    file.size_ = size;
    ++files_now;
    bytes_now += size;
    return file;
}

SpoolFile::SpoolFile(SpoolFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), size_(std::exchange(other.size_, 0))
{}

SpoolFile::~SpoolFile()
{
    if (descriptor_ < 0)
        return;
    ::close(descriptor_);
    --files_now;
    bytes_now -= size_;
}

Result<void> SpoolFile::append(std::string_view bytes, const Spool& spool)
{
    if (!reserve(bytes_now, bytes.size(), spool.most_bytes))
        return too_many_bytes(spool);
    auto written = write_at(size_, bytes);
    if (written)
        size_ += bytes.size();
    else
        bytes_now -= bytes.size();
    return written;
}

Result<void> SpoolFile::set_aside(std::uint64_t size, const Spool& spool)
{
    if (!reserve(bytes_now, size, spool.most_bytes))
        return too_many_bytes(spool);
    size_ = size;
    int refused = 0;
    do
        refused = ::fallocate(descriptor_, 0, 0, static_cast<off_t>(size));
    while (refused != 0 && errno == EINTR);
    if (refused == 0 || errno == EOPNOTSUPP)
        return {};
    return file_failure("Making room for");
}

Result<void> SpoolFile::write_at(std::uint64_t offset, std::string_view bytes)
{
    for (std::size_t done = 0; done < bytes.size();) {
        const auto wrote =
            ::pwrite(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return file_failure("Writing");
        done += static_cast<std::size_t>(wrote);
    }
    return {};
}

Result<std::size_t> SpoolFile::read_at(std::uint64_t offset, char* out, std::size_t count) const
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

} // namespace nomadic::cache
