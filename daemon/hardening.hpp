#pragma once

// Keeps keys from leaving the process by the back door: no core dump, no debugger of the same user's, no environment
// that tells them to whoever reads /proc. Called once, before any thread is made.

namespace nomadic::daemon {

void forbid_dumps();

// Wipes the API keys out of the process's environment, once they have been read.
void wipe_keys_from_environment();

} // namespace nomadic::daemon
