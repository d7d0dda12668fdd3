#pragma once

// The bytes of an answer, immutable: in memory, or in a temporary file when they are many, so that no answer is ever as
// large in memory as it is on the wire. They are all there, unless a GrowingBody says otherwise. Any thread.

#include "cache/spool.hpp"

#include <atomic>
#include <memory>
#include <optional>

namespace nomadic::cache {

class Body {
public:
    explicit Body(std::string bytes) : bytes_(std::move(bytes)) { in_memory_now_ += bytes_.size(); }
    explicit Body(SpoolFile file) : file_(std::move(file)) {}
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;
    ~Body() { in_memory_now_ -= bytes_.size(); }

    std::uint64_t size() const { return file_ ? file_->size() : bytes_.size(); }
    bool in_memory() const { return !file_; }
    std::string_view bytes() const { return bytes_; } // all of it, when in memory
    // Reads from the file; see there.
    Result<std::size_t> read_at(std::uint64_t offset, char* out, std::size_t count) const
    {
        return file_->read_at(offset, out, count);
    }

    // Of all bodies that there are, in bytes: those that are kept, and those that somebody is still reading.
    static std::uint64_t in_memory_now() { return in_memory_now_; }

private:
    friend class BodyBuilder;
    friend class GrowingBody;
    static inline std::atomic<std::uint64_t> in_memory_now_ = 0;

    // For bytes to come; the limits of `spool` hold as they do for a BodyBuilder.
    static Result<std::shared_ptr<Body>> with_room(const Spool& spool, std::uint64_t threshold, std::uint64_t length);
    Result<void> write_at(std::uint64_t offset, std::string_view bytes); // within what there is room for

    std::string bytes_;
    std::optional<SpoolFile> file_;
};

// Collects the bytes of a body; moves them to a file once there are more than `threshold`. Where no file can be
// written, they stay in memory, so that a full disk costs nobody an answer for which there is memory; else there is
// none: Errc::no_room. Where the limits of `spool` would be passed, there is none either: Errc::overloaded.
class BodyBuilder {
public:
    BodyBuilder(const Spool& spool, std::uint64_t threshold) : spool_(spool), threshold_(threshold) {}
    BodyBuilder(const BodyBuilder&) = delete;
    BodyBuilder& operator=(const BodyBuilder&) = delete;
    ~BodyBuilder() { Body::in_memory_now_ -= counted_; }

    // Where to append; call flush() now and then.
    std::string& buffer() { return buffer_; }
    Result<void> flush();
    Result<std::shared_ptr<const Body>> finish();

private:
    Result<void> write_out();
    // What could not be written stays in memory, as does all that follows.
    Result<void> stay_in_memory(const Failure& why);
    Result<void> take_back();
    Result<void> count(std::uint64_t bytes);

    const Spool& spool_;
    std::uint64_t threshold_;
    std::string buffer_;
    std::optional<SpoolFile> file_;
    std::string no_file_;       // why none can be written; "" while one can
    std::uint64_t counted_ = 0; // of `buffer_`, where a file should be
};

} // namespace nomadic::cache
