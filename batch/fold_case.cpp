#include "batch/fold_case.hpp"

#include "batch/json/utf8.hpp"

#include <algorithm>
#include <array>
#include <clocale>
#include <cwctype>

namespace nomadic::batch {

namespace {

char fold_ascii(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// glibc's own, which is always there; the process's locale has no say in what a search finds.
locale_t unicode()
{
    static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
}

void append_folded(std::string_view& rest, std::string& folded)
{
    const auto before = rest;
    const auto code = json::next_code_point(rest);
    std::array<char, 4> bytes{};
    const auto as_it_was = before.substr(0, before.size() - rest.size());
    if (std::string_view(bytes.data(), json::encode_utf8(code, bytes.data())) != as_it_was || unicode() == nullptr) {
        folded += before.front();
        rest = before.substr(1);
        return;
    }
    const auto lower = static_cast<std::uint32_t>(::towlower_l(static_cast<wint_t>(code), unicode()));
    folded.append(bytes.data(), json::encode_utf8(lower, bytes.data()));
}

} // namespace

std::string fold_case(std::string_view text)
{
    std::string folded;
    folded.reserve(text.size());
    while (!text.empty()) {
        if (static_cast<unsigned char>(text.front()) >= 0x80) {
            append_folded(text, folded);
            continue;
        }
        folded += fold_ascii(text.front());
        text.remove_prefix(1);
    }
    return folded;
}

std::vector<std::string> fold_case(const std::vector<std::string>& texts)
{
    std::vector<std::string> folded;
    folded.reserve(texts.size());
    for (const auto& text : texts)
        folded.push_back(fold_case(text));
    return folded;
}

bool contains_folded(std::string_view text, const std::vector<std::string>& folded)
{
    const auto where = fold_case(text);
    return std::any_of(folded.begin(), folded.end(),
                       [&where](const std::string& what) { return where.find(what) != std::string::npos; });
}

} // namespace nomadic::batch
