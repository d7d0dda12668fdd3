#include "batch/fold_case.hpp"

#include "batch/json/utf8.hpp"

#include <array>
#include <clocale>
#include <cwctype>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

// Takes the first character, which is none of ASCII's, off the text and writes it folded; returns where that ends.
char* fold_character(std::string_view& text, char* out)
{
    const auto before = text;
    const auto code = json::next_code_point(text);
    std::array<char, 4> bytes{};
    const auto as_it_was = before.substr(0, before.size() - text.size());
    if (std::string_view(bytes.data(), json::encode_utf8(code, bytes.data())) != as_it_was || unicode() == nullptr) {
        text = before.substr(1);
        *out = before.front();
        return out + 1;
    }
    const auto lower = static_cast<std::uint32_t>(::towlower_l(static_cast<wint_t>(code), unicode()));
    return out + json::encode_utf8(lower, out);
}

// As many bytes as the text has none but ASCII's at its front.
std::size_t fold_ascii(std::string_view text, char* out)
{
    std::size_t i = 0;
#ifdef __SSE2__
    for (; text.size() - i >= 16; i += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
        if (_mm_movemask_epi8(bytes) != 0)
            break;
        const __m128i upper =
            _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('A' - 1)), _mm_cmplt_epi8(bytes, _mm_set1_epi8('Z' + 1)));
        const __m128i folded = _mm_or_si128(bytes, _mm_and_si128(upper, _mm_set1_epi8('a' - 'A')));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), folded);
    }
#endif
    for (; i < text.size() && static_cast<unsigned char>(text[i]) < 0x80; ++i)
        out[i] = fold_ascii(text[i]);
    return i;
}

} // namespace

std::string_view fold_case(std::string_view text, std::string& room)
{
    // A character of two bytes or more becomes one of at most four.
    if (room.size() < 2 * text.size())
        room.resize(2 * text.size());
    char* end = room.data();
    for (;;) {
        const auto ascii = fold_ascii(text, end);
        end += ascii;
        text.remove_prefix(ascii);
        if (text.empty())
            return std::string_view(room).substr(0, static_cast<std::size_t>(end - room.data()));
        end = fold_character(text, end);
    }
}

std::string fold_case(std::string_view text)
{
    std::string folded;
    folded.resize(fold_case(text, folded).size());
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

} // namespace nomadic::batch
