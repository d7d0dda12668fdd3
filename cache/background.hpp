#pragma once

// Threads whose work nobody waits for by the millisecond, such as parsing and storing a batch of many thousand videos:
// they leave the processor to the event loop as soon as it has something to do.

#include <boost/asio/thread_pool.hpp>

namespace nomadic::cache {

// Lowers the priority of all `threads` of the pool, which must have nothing to do yet. Returns at once.
void run_in_background(boost::asio::thread_pool& pool, unsigned threads);

} // namespace nomadic::cache
