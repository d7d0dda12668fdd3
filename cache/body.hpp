#pragma once

// The bytes of an answer, whole and immutable: in memory, or in an unlinked temporary file when they are many, so that
// no answer is ever as large in memory as it is on the wire. Any thread.

#include "base/error.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace nomadic::cache {

// What the temporary files of all bodies take on the disk.
std::uint64_t spooled_bytes();

class Body {
public:
    explicit Body(std::string bytes) : bytes_(std::move(bytes)), size_(bytes_.size())
    {
        in_memory_now_ += bytes_.size();
    }
    Body(int descriptor, std::uint64_t size); // takes the descriptor
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;
    ~Body();

    std::uint64_t size() const { return size_; }
    bool in_memory() const { return descriptor_ < 0; }
    std::string_view bytes() const { return bytes_; } // all of it, when in memory
    // Reads from the file; blocks. Returns how many bytes there were, which is less than asked for only at the end.
    Result<std::size_t> read_at(std::uint64_t offset, char* out, std::size_t count) const;

    // Of all bodies that there are, in bytes: those that are kept, and those that somebody is still reading.
    static std::uint64_t in_memory_now() { return in_memory_now_; }

private:
    static inline std::atomic<std::uint64_t> in_memory_now_ = 0;

    std::string bytes_;
    std::uint64_t size_;
    int descriptor_ = -1;
};

// Collects the bytes of a body; moves them to a file in `directory` once there are more than `threshold`. Where no file
// can be written, they stay in memory: a full disk must not cost anybody an answer.
class BodyBuilder {
public:
    BodyBuilder(std::string directory, std::uint64_t threshold)
        : directory_(std::move(directory)), threshold_(threshold)
    {}
    BodyBuilder(const BodyBuilder&) = delete;
    BodyBuilder& operator=(const BodyBuilder&) = delete;
    ~BodyBuilder();

    // Where to append; call flush() now and then.
    std::string& buffer() { return buffer_; }
    Result<void> flush();
    Result<std::shared_ptr<const Body>> finish();

private:
    bool write_out();
    Result<void> take_back();

    std::string directory_;
    std::uint64_t threshold_;
    std::string buffer_;
    std::uint64_t written_ = 0;
    int descriptor_ = -1;
};

} // namespace nomadic::cache
