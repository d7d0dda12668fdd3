#include "sandbox/plan.hpp"

#include <array>
#include <charconv>

namespace nomadic::sandbox {

namespace {

constexpr std::uint32_t most_videos = 100'000, most_events = 5'000'000;

std::optional<std::string_view> take_word(std::string_view& text)
{
    const auto dash = text.find('-');
    if (dash == 0 || text.empty())
        return std::nullopt;
    const auto word = text.substr(0, dash);
    text.remove_prefix(dash == std::string_view::npos ? text.size() : dash + 1);
    return word;
}

std::optional<std::uint32_t> take_number(std::string_view& text, std::uint32_t most)
{
    const auto word = take_word(text);
    std::uint32_t number = 0;
    if (!word)
        return std::nullopt;
    const auto [end, error] = std::from_chars(word->data(), word->data() + word->size(), number);
    if (error != std::errc{} || end != word->data() + word->size() || number > most)
        return std::nullopt;
    return number;
}

bool take_prefix(std::string_view& text, std::string_view prefix)
{
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

std::optional<Kind> kind_from(std::string_view word)
{
    if (word == "ask")
        return Kind::ask;
    if (word == "agent")
        return Kind::agent;
    if (word == "segmentation")
        return Kind::segmentation;
    return std::nullopt;
}

} // namespace

std::optional<Plan> parse_plan(std::string_view batch_id)
{
    Plan plan;
    plan.batch_id = batch_id;
    if (take_prefix(batch_id, "running-")) {
        const auto polls = take_number(batch_id, 1'000'000);
        if (!polls)
            return std::nullopt;
        plan.polls_until_completed = *polls;
    } else if (take_prefix(batch_id, "failed-")) {
        plan.failed = true;
    } else if (take_prefix(batch_id, "private-")) {
        const auto owner = take_word(batch_id);
        if (!owner)
            return std::nullopt;
        plan.owner = *owner;
    }
    const auto word = take_word(batch_id);
    const auto kind = word ? kind_from(*word) : std::nullopt;
    const auto videos = kind ? take_number(batch_id, most_videos) : std::nullopt;
    const auto events = videos ? take_number(batch_id, most_events) : std::nullopt;
    const auto variant = events ? take_number(batch_id, UINT32_MAX) : std::nullopt;
    if (!variant || !batch_id.empty())
        return std::nullopt;
    plan.kind = *kind;
    plan.videos = *videos;
    plan.events = *events;
    plan.variant = *variant;
    return plan;
}

std::uint32_t Plan::events_of(std::uint32_t video) const
{
    return events / videos + (video < events % videos ? 1 : 0);
}

std::string Plan::video_id(std::uint32_t video) const
{
    std::array<char, 32> text{};
    const int length = std::snprintf(text.data(), text.size(), "vid%u-%06u", variant, video);
    return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<std::uint32_t> Plan::video_index(std::string_view video_id_text) const
{
    const auto dash = video_id_text.rfind('-');
    if (dash == std::string_view::npos)
        return std::nullopt;
    auto digits = video_id_text.substr(dash + 1);
    const auto index = take_number(digits, most_videos);
    if (!index || *index >= videos || video_id(*index) != video_id_text)
        return std::nullopt;
    return index;
}

} // namespace nomadic::sandbox
