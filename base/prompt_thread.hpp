#pragma once

namespace nomadic {

// Has the calling thread run soon after it is woken, also while threads that are less in a hurry are at work on its
// core: it asks for turns of 0.1 ms, which come earlier than longer ones (EEVDF; Linux 6.12 and later,
// sched_setattr(2)). Elsewhere nothing changes; no privilege is needed.
void run_promptly();

} // namespace nomadic
