#include "cache/sqlite/patch.hpp"

#include <algorithm>

namespace nomadic::cache::sqlite {

namespace {

// A review changes a word, so both sides agree again within a few bytes; what doesn't is replaced to its end.
constexpr std::size_t most_changed = 96;
constexpr std::size_t enough_to_agree = 12;

std::size_t common_prefix(std::string_view a, std::string_view b)
{
    return static_cast<std::size_t>(
        std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin())
            .first -
        a.begin());
}

struct Edit {
    std::size_t skip, insert;
};

// The smallest edit after which both sides agree again.
Edit next_edit(std::string_view from, std::string_view to)
{
    for (std::size_t total = 1; total <= most_changed; ++total)
        for (std::size_t skip = 0; skip <= std::min(total, from.size()); ++skip) {
            const auto insert = total - skip;
            if (insert > to.size())
                continue;
            const auto left = from.substr(skip, enough_to_agree);
            const bool both_end = skip == from.size() && insert == to.size();
            if (both_end || (!left.empty() && left == to.substr(insert, enough_to_agree)))
                return {skip, insert};
        }
    return {from.size(), to.size()};
}

} // namespace

void put_number(std::size_t number, std::string& out)
{
    for (; number >= 0x80; number >>= 7U)
        out += static_cast<char>(0x80U | (number & 0x7FU));
    out += static_cast<char>(number);
}

std::optional<std::size_t> take_number(std::string_view& bytes)
{
    std::size_t number = 0;
    for (unsigned shift = 0; !bytes.empty() && shift < 63; shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        number |= static_cast<std::size_t>(byte & 0x7FU) << shift;
        if (byte < 0x80)
            return number;
    }
    return std::nullopt;
}

std::optional<std::string_view> take_bytes(std::string_view& bytes)
{
    const auto count = take_number(bytes);
    if (!count || *count > bytes.size())
        return std::nullopt;
    const auto taken = bytes.substr(0, *count);
    bytes.remove_prefix(*count);
    return taken;
}

// For each edit: how much stays, how much goes, what comes. Behind the last edit everything stays.
std::string make_patch(std::string_view from, std::string_view to)
{
    std::string patch;
    for (;;) {
        const auto same = common_prefix(from, to);
        from.remove_prefix(same);
        to.remove_prefix(same);
        if (from.empty() && to.empty())
            return patch;
        const auto edit = next_edit(from, to);
        put_number(same, patch);
        put_number(edit.skip, patch);
        put_number(edit.insert, patch);
        patch += to.substr(0, edit.insert);
        from.remove_prefix(edit.skip);
        to.remove_prefix(edit.insert);
    }
}

std::optional<std::string> apply_patch(std::string text, std::string_view patch)
{
    std::size_t at = 0;
    while (!patch.empty()) {
        const auto same = take_number(patch);
        const auto skip = take_number(patch);
        const auto inserted = take_bytes(patch);
        if (!same || !skip || !inserted || *same > text.size() - at || *skip > text.size() - at - *same)
            return std::nullopt;
        at += *same;
        text.replace(at, *skip, *inserted);
        at += inserted->size();
    }
    return text;
}

} // namespace nomadic::cache::sqlite
