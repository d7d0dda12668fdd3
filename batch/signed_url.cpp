#include "batch/signed_url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace nomadic::batch {

namespace {

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal(std::string_view name, std::string_view lower_case)
{
    return std::equal(name.begin(), name.end(), lower_case.begin(), lower_case.end(),
                      [](char a, char b) { return lower(a) == b; });
}

bool begins(std::string_view name, std::string_view lower_case)
{
    return name.size() >= lower_case.size() && equal(name.substr(0, lower_case.size()), lower_case);
}

bool only_signs(std::string_view name)
{
    static constexpr std::array<std::string_view, 18> names{"expires",
                                                            "signature",
                                                            "googleaccessid",
                                                            "awsaccesskeyid",
                                                            "key-pair-id",
                                                            "policy",
                                                            "sig",
                                                            "se",
                                                            "st",
                                                            "sp",
                                                            "sv",
                                                            "sr",
                                                            "spr",
                                                            "skoid",
                                                            "sktid",
                                                            "skt",
                                                            "ske",
                                                            "sks"};
    return begins(name, "x-goog-") || begins(name, "x-amz-") ||
           std::any_of(names.begin(), names.end(), [&](auto known) { return equal(name, known); });
}

// Calls `each(name, value)` for every parameter, as they are written.
template <class Each>
void for_each_parameter(std::string_view query, Each each)
{
    while (!query.empty()) {
        const auto parameter = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(parameter.size() + 1, query.size()));
        const auto equals = std::min(parameter.find('='), parameter.size());
        each(parameter.substr(0, equals), parameter.substr(std::min(equals + 1, parameter.size())));
    }
}

struct Parts {
    std::string_view base, query, fragment;
};

Parts split(std::string_view url)
{
    const auto hash = std::min(url.find('#'), url.size());
    const auto fragment = url.substr(hash);
    url = url.substr(0, hash);
    const auto question = std::min(url.find('?'), url.size());
    return {url.substr(0, question), url.substr(std::min(question + 1, url.size())), fragment};
}

template <class Integer>
std::optional<Integer> number(std::string_view text)
{
    Integer value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

// 20260131T120000Z, or Azure's 2026-01-31T12:00:00Z with its colons escaped.
std::optional<std::int64_t> parse_time(std::string_view text)
{
    std::string digits;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i, 3) == "%3A" || text.substr(i, 3) == "%3a")
            i += 2;
        else if (text[i] >= '0' && text[i] <= '9')
            digits += text[i];
    }
    if (!text.ends_with('Z') || digits.size() != 14)
        return std::nullopt;
    const std::string_view all = digits;
    const auto part = [&](std::size_t from, std::size_t count) { return number<int>(all.substr(from, count)).value(); };
    const std::chrono::year_month_day day{std::chrono::year(part(0, 4)), std::chrono::month(unsigned(part(4, 2))),
                                          std::chrono::day(unsigned(part(6, 2)))};
    if (!day.ok())
        return std::nullopt;
    const auto midnight = std::chrono::sys_days(day).time_since_epoch();
    const auto of_day =
        std::chrono::hours(part(8, 2)) + std::chrono::minutes(part(10, 2)) + std::chrono::seconds(part(12, 2));
    return std::chrono::seconds(midnight + of_day).count();
}

} // namespace

std::optional<std::int64_t> expiry_of(std::string_view url, std::int64_t seen_at)
{
    // Later than 2255: that is no time, and would not fit into one.
    constexpr std::int64_t latest = 9'000'000'000;
    const auto sane = [](std::optional<std::int64_t> time) {
        return time && *time >= 0 && *time < latest ? time : std::nullopt;
    };
    std::optional<std::int64_t> at, signed_at, lasts;
    for_each_parameter(split(url).query, [&](std::string_view name, std::string_view value) {
        if (equal(name, "x-goog-date") || equal(name, "x-amz-date"))
            signed_at = parse_time(value);
        else if (equal(name, "x-goog-expires") || equal(name, "x-amz-expires"))
            lasts = number<std::int64_t>(value);
        else if (equal(name, "expires"))
            at = number<std::int64_t>(value);
        else if (equal(name, "se"))
            at = parse_time(value);
    });
    if (sane(lasts))
        return sane(signed_at.value_or(seen_at) + *lasts);
    return sane(at);
}

std::string unsigned_url(std::string_view url)
{
    const auto parts = split(url);
    std::string kept;
    for_each_parameter(parts.query, [&](std::string_view name, std::string_view value) {
        if (only_signs(name))
            return;
        kept += kept.empty() ? '?' : '&';
        kept += name;
        if (!value.empty())
            kept.append("=").append(value);
    });
    return std::string(parts.base) + kept;
}

} // namespace nomadic::batch
