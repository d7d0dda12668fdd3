#pragma once

// Unlinked temporary files that hold the bytes of answers too large for memory. All of them together are counted, from
// the first byte written until whoever reads last has gone, so that disk space and descriptors stay within limits
// however slow the readers. Any thread.

#include "base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace nomadic::cache {

struct Spool {
    std::string directory; // of the files; on the disk that they may fill
    std::uint64_t most_bytes;
    std::uint64_t most_files;
    std::uint64_t most_in_memory; // bytes of the bodies of all (cache/body.hpp) that one without a file may add to
};

class SpoolFile {
public:
    // Errc::overloaded when there are as many files as there may be; Errc::store_failed when none can be made.
    static Result<SpoolFile> open(const Spool& spool);
    // A file that somebody else has written, to be closed by us: counted with the others, and always taken.
    static SpoolFile adopt(int descriptor, std::uint64_t size);
    SpoolFile(SpoolFile&& other) noexcept;
    SpoolFile& operator=(SpoolFile&&) = delete;
    ~SpoolFile();

    std::uint64_t size() const { return size_; }
    // Blocks. Errc::overloaded when the files of all would take more than `spool.most_bytes`, Errc::store_failed when
    // the disk refuses; then nothing of `bytes` counts as written.
    Result<void> append(std::string_view bytes, const Spool& spool);
    // Makes an empty file `size` bytes long, which take their room on the disk at once where the file system can do
    // that. Blocks. Fails as append() does.
    Result<void> set_aside(std::uint64_t size, const Spool& spool);
    // Within what was set aside. Blocks. Errc::store_failed when the disk refuses.
    Result<void> write_at(std::uint64_t offset, std::string_view bytes);
    // Blocks. Returns how many bytes there were, which is less than asked for only at the end.
    Result<std::size_t> read_at(std::uint64_t offset, char* out, std::size_t count) const;

private:
    explicit SpoolFile(int descriptor) : descriptor_(descriptor) {}

    int descriptor_; // -1 when moved from
    std::uint64_t size_ = 0;
};

// A file that had fewer bytes than were written to it.
Failure cut_short();

// What the files of all take now.
std::uint64_t spooled_bytes();
std::uint64_t spooled_files();

} // namespace nomadic::cache
