#pragma once

// How many files and connections the process may have open.

namespace nomadic::daemon {

// As many as the system lets us have: the usual soft limit is made for programs that use select(), which we do not.
void raise_descriptor_limit();

} // namespace nomadic::daemon
