#include "proxy/net/transfer_buffer.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace nomadic::proxy;

TEST_CASE("transfer buffer: grows while reads fill it")
{
    TransferBuffer buffer;
    CHECK(buffer.room().size() == TransferBuffer::smallest);
    CHECK(buffer.read(10).size() == 10);
    CHECK(buffer.room().size() == TransferBuffer::smallest);
    auto size = TransferBuffer::smallest;
    for (; size < TransferBuffer::largest; size *= 4) {
        CHECK(buffer.room().size() == size);
        CHECK(buffer.read(size).size() == size);
    }
    CHECK(buffer.room().size() == TransferBuffer::largest);
    buffer.read(TransferBuffer::largest);
    CHECK(buffer.room().size() == TransferBuffer::largest);
}

TEST_CASE("transfer buffer: many together stay within a bound, and leave room for others when they go")
{
    const auto size_of_all = [](std::size_t count) {
        std::vector<std::unique_ptr<TransferBuffer>> buffers;
        std::size_t grown = 0;
        for (std::size_t i = 0; i < count; ++i) {
            auto& buffer = *buffers.emplace_back(std::make_unique<TransferBuffer>());
            for (int reads = 0; reads < 10; ++reads)
                buffer.read(buffer.room().size());
            grown += buffer.room().size() - TransferBuffer::smallest;
        }
        return grown;
    };
    constexpr std::size_t many = 1000;
    const auto first = size_of_all(many);
    CHECK(first <= TransferBuffer::most_together);
    CHECK(first > TransferBuffer::most_together / 2);
    CHECK(size_of_all(many) == first);
}
