#pragma once

// Where the bytes of a body that streams through stand between reading and writing. Small at first, larger as long as
// reads fill it, since each read and write wakes somebody up; but only while all of them together stay within a bound,
// so that thousands of slow transfers cost little. Loop thread.

#include "proxy/net/asio.hpp"

#include <memory>
#include <string_view>

namespace nomadic::proxy {

class TransferBuffer {
public:
    TransferBuffer() : bytes_(std::make_unique_for_overwrite<char[]>(smallest)) {}
    TransferBuffer(const TransferBuffer&) = delete;
    TransferBuffer& operator=(const TransferBuffer&) = delete;
    ~TransferBuffer() { grown_together_ -= size_ - smallest; }

    asio::mutable_buffer room() // for the next read; what was read before is gone
    {
        if (was_filled_)
            grow();
        return {bytes_.get(), size_};
    }
    std::string_view read(std::size_t count) // that many bytes have been
    {
        was_filled_ = count == size_;
        return {bytes_.get(), count};
    }

    static constexpr std::size_t smallest = 16 * 1024, largest = 1024 * 1024, most_together = 16 * 1024 * 1024;

private:
    void grow()
    {
        constexpr std::size_t factor = 4;
        const auto more = size_ * (factor - 1);
        if (size_ == largest || grown_together_ + more > most_together)
            return;
        bytes_ = std::make_unique_for_overwrite<char[]>(size_ * factor);
        size_ *= factor;
        grown_together_ += more;
    }

    static inline std::size_t grown_together_ = 0; // beyond the smallest, of all that there are

    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = smallest;
    bool was_filled_ = false;
};

} // namespace nomadic::proxy
