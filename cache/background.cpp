#include "cache/background.hpp"

#include <boost/asio/post.hpp>

#include <latch>
#include <memory>
#include <sys/resource.h>

namespace nomadic::cache {

void run_in_background(boost::asio::thread_pool& pool, unsigned threads)
{
    // Of the calling thread alone, whatever POSIX says of processes (setpriority(2)). It may be forbidden; then the
    // work is done with the priority that it has.
    constexpr int niceness = 10;
    auto all = std::make_shared<std::latch>(threads); // so that none takes two of these
    for (unsigned i = 0; i < threads; ++i)
        boost::asio::post(pool, [all] {
            ::setpriority(PRIO_PROCESS, 0, niceness);
            all->arrive_and_wait();
        });
}

} // namespace nomadic::cache
