#pragma once

// Memory that is given out piece by piece and taken back at once. Not thread-safe; what was given out lives as long as
// the arena, or until reset().

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace nomadic::batch::json {

class Arena {
public:
    Arena() = default;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    // Uninitialised room for `count` objects of a trivial type.
    template <class T>
    T* allocate(std::size_t count)
    {
        static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= alignof(std::max_align_t));
        return static_cast<T*>(take(count * sizeof(T)));
    }

    std::string_view keep(std::string_view text)
    {
        if (text.empty())
            return {};
        auto* copy = allocate<char>(text.size());
        std::memcpy(copy, text.data(), text.size());
        return {copy, text.size()};
    }

    // Forgets everything given out and keeps the first block for the next user.
    void reset()
    {
        blocks_.resize(blocks_.empty() ? 0 : 1);
        next_ = blocks_.empty() ? nullptr : blocks_.front().bytes.get();
        left_ = blocks_.empty() ? 0 : blocks_.front().size;
    }

private:
    static constexpr std::size_t smallest_block = std::size_t{64} * 1024;
    static constexpr std::size_t largest_block = std::size_t{4} * 1024 * 1024;

    struct Block {
        std::unique_ptr<std::byte[]> bytes;
        std::size_t size = 0;
    };

    void* take(std::size_t bytes)
    {
        bytes = (bytes + alignof(std::max_align_t) - 1) / alignof(std::max_align_t) * alignof(std::max_align_t);
        if (bytes > left_)
            grow(bytes);
        auto* taken = next_;
        next_ += bytes;
        left_ -= bytes;
        return taken;
    }

    void grow(std::size_t at_least)
    {
        std::size_t size = blocks_.empty() ? smallest_block : std::min(blocks_.back().size * 2, largest_block);
        size = std::max(size, at_least);
        blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[size]), size});
        next_ = blocks_.back().bytes.get();
        left_ = size;
    }

    std::vector<Block> blocks_;
    std::byte* next_ = nullptr;
    std::size_t left_ = 0;
};

} // namespace nomadic::batch::json
