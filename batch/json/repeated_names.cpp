#include "batch/json/repeated_names.hpp"

#include <unordered_map>

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

} // namespace

void drop_repeated_names(std::vector<Member>& members, std::size_t first)
{
    // Few members: comparing lengths first makes the square cheaper than hashing.
    constexpr std::size_t few = 48;
    if (members.size() - first > few)
        return drop_by_hash(members, first);
    for (std::size_t i = first + 1; i < members.size(); ++i)
        for (std::size_t j = first; j < i; ++j)
            if (members[i].name.text() == members[j].name.text()) {
                members[j].value = members[i].value;
                members.erase(members.begin() + static_cast<std::ptrdiff_t>(i--));
                break;
            }
}

} // namespace nomadic::batch::json
