#include "cache/async_store.hpp"

namespace nomadic::cache {

AsyncStore::AsyncStore(std::unique_ptr<Store> store, unsigned reader_threads)
    : store_(std::move(store)), readers_(reader_threads), writer_(1)
{}

AsyncStore::~AsyncStore()
{
    join();
}

void AsyncStore::join()
{
    readers_.join();
    writer_.join();
}

} // namespace nomadic::cache
