#pragma once

// The loops that look at every byte, sixteen at a time where the machine can.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace nomadic::batch::json {

inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

inline bool is_special(unsigned char byte)
{
    return byte == '"' || byte == '\\' || byte < 0x20;
}

// Whether one of four characters stands in the text.
template <char A, char B, char C, char D>
bool has_any_of(std::string_view text)
{
    const char* at = text.data();
    const char* const end = at + text.size();
#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const auto is = [bytes](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
        if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(is(A), is(B)), _mm_or_si128(is(C), is(D)))) != 0)
            return true;
    }
#endif
    for (; at != end; ++at)
        if (*at == A || *at == B || *at == C || *at == D)
            return true;
    return false;
}

// Where `what`, which is not empty, first stands in the text at or after `from`, else npos. Sixteen places at a time
// are looked at for its first and its last byte.
inline std::size_t find_text(std::string_view text, std::string_view what, std::size_t from = 0)
{
    if (from > text.size() || what.size() > text.size() - from)
        return std::string_view::npos;
    const char* at = text.data() + from;
    const char* const end = text.data() + text.size() - what.size() + 1; // behind the last place where it can stand
    const auto stands = [what](const char* place) { return std::memcmp(place, what.data(), what.size()) == 0; };
#ifdef __SSE2__
    const __m128i first = _mm_set1_epi8(what.front());
    const __m128i last = _mm_set1_epi8(what.back());
    const auto load = [](const char* bytes) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)); };
    for (; end - at >= 16; at += 16) {
        const __m128i found =
            _mm_and_si128(_mm_cmpeq_epi8(load(at), first), _mm_cmpeq_epi8(load(at + what.size() - 1), last));
        for (auto places = static_cast<unsigned>(_mm_movemask_epi8(found)); places != 0; places &= places - 1)
            if (const char* const place = at + std::countr_zero(places); stands(place))
                return static_cast<std::size_t>(place - text.data());
    }
#endif
    for (; at != end; ++at)
        if (*at == what.front() && stands(at))
            return static_cast<std::size_t>(at - text.data());
    return std::string_view::npos;
}

// The first quote, backslash or control character at or after `at`, else `end`. `high` gathers whether a byte beyond
// ASCII was passed.
inline const char* find_special(const char* at, const char* end, bool& high)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(0x1f);
    while (end - at >= 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes);
        const __m128i found =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)), low);
        const auto stops = static_cast<unsigned>(_mm_movemask_epi8(found));
        const auto beyond = static_cast<unsigned>(_mm_movemask_epi8(bytes));
        if (stops != 0) {
            const int first = std::countr_zero(stops);
            high |= (beyond & ((1U << first) - 1U)) != 0;
            return at + first;
        }
        high |= beyond != 0;
        at += 16;
    }
#endif
    for (; at != end; ++at) {
        const auto byte = static_cast<unsigned char>(*at);
        if (is_special(byte))
            return at;
        high |= byte >= 0x80;
    }
    return end;
}

// Whether a text is UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF.
inline bool is_utf8(std::string_view text)
{
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    const auto* const end = at + text.size();
    const auto continues = [&](int count) {
        for (int i = 0; i < count; ++i, ++at)
            if (at == end || (*at & 0xC0) != 0x80)
                return false;
        return true;
    };
    while (at != end) {
        const unsigned lead = *at++;
        if (lead < 0x80)
            continue;
        const unsigned second = at == end ? 0 : *at;
        int count = 0;
        if (lead >= 0xC2 && lead <= 0xDF)
            count = 1;
        else if (lead >= 0xE0 && lead <= 0xEF)
            count = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second >= 0xA0) ? 0 : 2;
        else if (lead >= 0xF0 && lead <= 0xF4)
            count = (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second >= 0x90) ? 0 : 3;
        if (count == 0 || !continues(count))
            return false;
    }
    return true;
}

} // namespace nomadic::batch::json
