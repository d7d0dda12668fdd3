// Whatever file somebody takes for a bundle: it opens or fails, and what opened reads or fails.

#include "cache/bundle.hpp"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <unistd.h>

using namespace nomadic;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const std::string path = "/tmp/fuzz-bundle-" + std::to_string(::getpid());
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    (void)cache::check_bundle(path);
    if (auto bundle = cache::open_bundle(path)) {
        auto& store = **bundle;
        (void)store.check();
        if (const auto listed = store.list({}, "", 100))
            for (const auto& snapshot : *listed) {
                (void)store.status(snapshot.id);
                (void)store.history(snapshot.key);
                (void)store.pictures(snapshot.key);
                (void)store.read(snapshot.id, {}, cache::WithSource::yes, [](const auto&) { return true; });
            }
    }
    ::unlink(path.c_str());
    return 0;
}
