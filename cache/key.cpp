#include "cache/key.hpp"

namespace nomadic::cache {

Scope make_scope(std::string_view base_url, std::string_view kind, std::string_view principal)
{
    return {batch::digest_of({base_url, kind, principal})};
}

Scope bundle_scope()
{
    return {batch::digest_of({"bundle"})};
}

Scope passage_scope()
{
    return {batch::digest_of({"passage"})};
}

Scope removed_scope()
{
    return {batch::digest_of({"removed"})};
}

} // namespace nomadic::cache
