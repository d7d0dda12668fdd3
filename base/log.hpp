#pragma once

// Structured lines on standard error: logfmt, or one JSON object a line. Never blocks the caller: lines are written by
// a thread of their own, and the oldest are dropped when nobody reads them. Any thread.

#include <initializer_list>
#include <string>
#include <string_view>

namespace nomadic::log {

enum class Level { trace, debug, info, warn, error };
enum class Format { logfmt, json };

enum class Kind { text, number }; // JSON tells them apart
struct Pair {
    std::string_view name;
    std::string_view value; // "" for none: then the pair is left out
    Kind kind = Kind::text;
};
using Pairs = std::initializer_list<Pair>;

void configure(Level least, Format format); // may be called again at any time
void flush();                               // waits until what was logged is written
bool enabled(Level level);

void write(Level level, std::string_view message, Pairs pairs);
inline void debug(std::string_view message, Pairs pairs = {})
{
    write(Level::debug, message, pairs);
}
inline void info(std::string_view message, Pairs pairs = {})
{
    write(Level::info, message, pairs);
}
inline void warn(std::string_view message, Pairs pairs = {})
{
    write(Level::warn, message, pairs);
}
inline void error(std::string_view message, Pairs pairs = {})
{
    write(Level::error, message, pairs);
}

// The beginning of a line that is written many times: its message and those pairs that are always the same, rendered
// once, in the format of that moment.
class PreparedLine {
public:
    PreparedLine(Level level, std::string_view message, Pairs same);
    void write(Pairs rest) const;

private:
    Level level_;
    Format format_;
    std::string beginning_;
};

// The line as it is written, without its time. Control characters are escaped: no value can forge a line.
std::string render(Format format, Level level, std::string_view message, Pairs pairs);

} // namespace nomadic::log
