#include "batch/json/repeated_names.hpp"

#include <unordered_map>
#include <utility>

namespace nomadic::batch::json {

namespace {

void drop_by_hash(std::vector<Member>& members, std::size_t first)
{
    std::unordered_map<std::string_view, std::size_t> places;
    std::size_t kept = first;
    for (std::size_t i = first; i < members.size(); ++i) {
        const auto [place, fresh] = places.try_emplace(members[i].name.text(), kept);
        if (fresh)
            members[kept++] = members[i];
        else
            members[place->second].value = members[i].value;
    }
    members.resize(kept);
}

// One of 64 bits; names that are the same have the same.
std::uint64_t mark_of(std::string_view name)
{
    if (name.empty())
        return 1;
    const auto at = [name](std::size_t place) { return std::size_t{static_cast<unsigned char>(name[place])}; };
    return std::uint64_t{1} << ((name.size() * 7 + at(0) + at(name.size() / 2) * 5 + at(name.size() - 1) * 3) % 64);
}

} // namespace

void drop_repeated_names(std::vector<Member>& members, std::size_t first)
{
    // Few members: to compare those whose marks are the same is cheaper than hashing.
    constexpr std::size_t few = 48;
    if (members.size() - first > few)
        return drop_by_hash(members, first);
    std::uint64_t seen = 0;
    for (std::size_t i = first; i < members.size(); ++i) {
        const auto mark = mark_of(members[i].name.text());
        if ((std::exchange(seen, seen | mark) & mark) == 0)
            continue;
        for (std::size_t j = first; j < i; ++j)
            if (members[i].name.text() == members[j].name.text()) {
                members[j].value = members[i].value;
                members.erase(members.begin() + static_cast<std::ptrdiff_t>(i--));
                break;
            }
    }
}

} // namespace nomadic::batch::json
