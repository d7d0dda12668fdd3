#include "cache/file.hpp"

#include <fcntl.h>
#include <filesystem>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <vector>

namespace nomadic::cache {

namespace {

constexpr std::size_t checksum_size = 32;
constexpr std::size_t piece_size = std::size_t{1} << 20;

using Checksum = std::array<unsigned char, checksum_size>;

Failure failure_of(const std::string& path)
{
    return {.code = Errc::store_failed,
            .detail = path + " can't be read or written: " + std::generic_category().message(errno) + ".",
            .members = {}};
}

class Descriptor {
public:
    Descriptor(const std::string& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC)) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor()
    {
        if (number_ >= 0)
            ::close(number_);
    }
    int number() const { return number_; }

private:
    int number_;
};

// Reads exactly `size` bytes from where the file stands, unless it ends before.
bool read_whole(int descriptor, unsigned char* out, std::size_t size)
{
    while (size > 0) {
        const auto got = ::read(descriptor, out, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        out += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

// Of the next `size` bytes.
Result<Checksum> checksum(int descriptor, std::uint64_t size, const std::string& path)
{
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
    std::vector<unsigned char> piece(piece_size);
    while (size > 0) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(size, piece.size()));
        if (!read_whole(descriptor, piece.data(), count))
            return failure_of(path);
        EVP_DigestUpdate(context.get(), piece.data(), count);
        size -= count;
    }
    Checksum sum{};
    EVP_DigestFinal_ex(context.get(), sum.data(), nullptr);
    return sum;
}

} // namespace

Result<void> append_checksum(const std::string& path)
{
    const Descriptor file(path, O_RDWR);
    const auto size = file.number() < 0 ? -1 : ::lseek(file.number(), 0, SEEK_END);
    if (size < 0 || ::lseek(file.number(), 0, SEEK_SET) < 0)
        return failure_of(path);
    auto sum = checksum(file.number(), static_cast<std::uint64_t>(size), path);
    if (!sum)
        return sum.error();
    if (::pwrite(file.number(), sum->data(), sum->size(), size) != static_cast<ssize_t>(sum->size()))
        return failure_of(path);
    return {};
}

Result<bool> has_checksum(const std::string& path)
{
    const Descriptor file(path, O_RDONLY);
    const auto size = file.number() < 0 ? -1 : ::lseek(file.number(), 0, SEEK_END);
    if (size < 0 || ::lseek(file.number(), 0, SEEK_SET) < 0)
        return failure_of(path);
    if (size < static_cast<off_t>(checksum_size))
        return false;
    auto sum = checksum(file.number(), static_cast<std::uint64_t>(size) - checksum_size, path);
    if (!sum)
        return sum.error();
    Checksum written{};
    return read_whole(file.number(), written.data(), written.size()) && written == *sum;
}

Result<void> check_replaceable(const std::string& target)
{
    const auto type = std::filesystem::symlink_status(target).type();
    if (type == std::filesystem::file_type::regular || type == std::filesystem::file_type::not_found)
        return {};
    return Failure{.code = Errc::store_failed,
                   .detail = target + " is no file that could be replaced. Name a file, or one that is not there yet.",
                   .members = {}};
}

Result<void> replace_file(const std::string& path, const std::string& target)
{
    if (auto replaceable = check_replaceable(target); !replaceable)
        return replaceable;
    const Descriptor file(path, O_RDONLY);
    if (file.number() < 0 || ::fsync(file.number()) != 0 || ::rename(path.c_str(), target.c_str()) != 0)
        return failure_of(target);
    const auto parent = std::filesystem::path(target).parent_path();
    const Descriptor directory(parent.empty() ? "." : parent.string(), O_RDONLY | O_DIRECTORY);
    if (directory.number() < 0 || ::fsync(directory.number()) != 0)
        return failure_of(target);
    return {};
}

} // namespace nomadic::cache
