#include "batch/json/escape.hpp"

#include "batch/json/scan.hpp"
#include "batch/json/utf8.hpp"

namespace nomadic::batch::json {

namespace {

constexpr std::uint32_t replacement_character = 0xFFFD;

const char* read_hex(const char*& at, const char* end, std::uint32_t& code)
{
    if (end - at < 4)
        return "ends within a string";
    code = 0;
    for (int i = 0; i < 4; ++i, ++at) {
        const char c = *at;
        const int digit = is_digit(c)            ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0)
            return "has an escape that is none";
        code = code << 4 | static_cast<std::uint32_t>(digit);
    }
    return nullptr;
}

const char* unescape_unicode(const char*& at, const char* end, std::string& out)
{
    std::uint32_t code = 0;
    if (const char* problem = read_hex(at, end, code))
        return problem;
    if (code >= 0xD800 && code <= 0xDBFF && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        const char* const back = at;
        std::uint32_t low = 0;
        at += 2;
        if (const char* problem = read_hex(at, end, low))
            return problem;
        if (low >= 0xDC00 && low <= 0xDFFF)
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        else
            at = back;
    }
    if (code >= 0xD800 && code <= 0xDFFF)
        code = replacement_character;
    char bytes[4];
    out.append(bytes, encode_utf8(code, bytes));
    return nullptr;
}

} // namespace

const char* unescape(const char*& at, const char* end, std::string& out)
{
    if (at == end)
        return "ends within a string";
    switch (*at++) {
    case '"':
        out += '"';
        return nullptr;
    case '\\':
        out += '\\';
        return nullptr;
    case '/':
        out += '/';
        return nullptr;
    case 'b':
        out += '\b';
        return nullptr;
    case 'f':
        out += '\f';
        return nullptr;
    case 'n':
        out += '\n';
        return nullptr;
    case 'r':
        out += '\r';
        return nullptr;
    case 't':
        out += '\t';
        return nullptr;
    case 'u':
        return unescape_unicode(at, end, out);
    default:
        --at;
        return "has an escape that is none";
    }
}

} // namespace nomadic::batch::json
