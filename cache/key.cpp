#include "cache/key.hpp"

namespace nomadic::cache {

Scope make_scope(std::string_view base_url, std::string_view kind, std::string_view principal)
{
    return {batch::digest_of({base_url, kind, principal})};
}

} // namespace nomadic::cache
