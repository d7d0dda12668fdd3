#include "proxy/http/peer_guard.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace nomadic::proxy {

namespace {

constexpr std::size_t entry_bytes = 64 * 1024; // a group with thousands of members still fits

std::optional<unsigned> user_number(const std::string& name)
{
    std::string buffer(entry_bytes, '\0');
    passwd entry{};
    passwd* found = nullptr;
    ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    return found == nullptr ? std::nullopt : std::optional<unsigned>(entry.pw_uid);
}

std::optional<unsigned> group_number(const std::string& name)
{
    std::string buffer(entry_bytes, '\0');
    group entry{};
    group* found = nullptr;
    ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    return found == nullptr ? std::nullopt : std::optional<unsigned>(entry.gr_gid);
}

template <class LookUp>
Result<std::vector<unsigned>> numbers(const std::vector<std::string>& names, const char* setting, LookUp look_up)
{
    std::vector<unsigned> all;
    for (const auto& name : names) {
        unsigned number = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
        const bool is_number = error == std::errc{} && end == name.data() + name.size();
        const auto found = is_number ? std::optional(number) : look_up(name);
        if (!found)
            return Failure{.code = Errc::invalid_configuration,
                           .detail = std::string(setting) + " holds \"" + name +
                                     "\", which this machine does not know. Give a name or a number that there is.",
                           .members = {}};
        all.push_back(*found);
    }
    return all;
}

bool contains(const std::vector<unsigned>& all, unsigned wanted)
{
    return std::find(all.begin(), all.end(), wanted) != all.end();
}

} // namespace

Result<PeerGuard> PeerGuard::make(const config::Server& server)
{
    PeerGuard guard;
    guard.own_user_ = ::geteuid();
    auto users = numbers(server.allowed_users, "server.allowed_users", user_number);
    if (!users)
        return users.error();
    auto groups = numbers(server.allowed_groups, "server.allowed_groups", group_number);
    if (!groups)
        return groups.error();
    guard.users_ = std::move(*users);
    guard.groups_ = std::move(*groups);
    return guard;
}

Result<void> PeerGuard::check(const Peer& peer) const
{
    // Without a list, the socket file's own permissions decide.
    if (peer.kind != Peer::Kind::unix_socket || !lets_others_in())
        return {};
    const bool by_group =
        contains(groups_, peer.gid) ||
        std::any_of(peer.groups.begin(), peer.groups.end(), [&](unsigned group) { return contains(groups_, group); });
    if (peer.uid == own_user_ || contains(users_, peer.uid) || by_group)
        return {};
    return Failure{.code = Errc::forbidden,
                   .detail = "The user with the number " + std::to_string(peer.uid) +
                             " may not use this daemon. Its owner can add them to server.allowed_users or "
                             "server.allowed_groups.",
                   .members = {}};
}

} // namespace nomadic::proxy
