#include "base/log.hpp"

#include "base/line_writer.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <map>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace nomadic::log {

namespace {

constexpr std::array<std::string_view, 5> level_names{"trace", "debug", "info", "warn", "error"};

// The same warning is written so often in such a time; the next one after it says how many were left out.
constexpr unsigned most_repeats = 5;
constexpr std::chrono::seconds repeat_window{10};
constexpr std::size_t most_messages = 256; // that are told apart

std::atomic<Level> least_level{Level::info};
std::atomic<Format> line_format{Format::logfmt};

LineWriter& writer()
{
    static LineWriter instance;
    return instance;
}

// Whether standard error is the journal's: it keeps the time itself and reads a line's severity from its beginning
// (systemd.exec(5), JOURNAL_STREAM; sd-daemon(3)).
bool writes_to_journal()
{
    static const bool answer = [] {
        const char* stream = std::getenv("JOURNAL_STREAM");
        struct stat status {};
        return stream != nullptr && ::fstat(STDERR_FILENO, &status) == 0 &&
               stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
    }();
    return answer;
}

std::string_view journal_severity(Level level)
{
    constexpr std::array<std::string_view, 5> severities{"<7>", "<7>", "<6>", "<4>", "<3>"};
    return severities.at(static_cast<std::size_t>(level));
}

// Keeps a fault that lasts from filling the log. Any thread.
class Repeats {
public:
    struct Verdict {
        bool write = true;
        std::uint64_t left_out = 0; // since the message was last written
    };

    Verdict judge(std::string_view message)
    {
        const auto now = std::chrono::steady_clock::now();
        const std::scoped_lock lock(mutex_);
        if (messages_.size() >= most_messages)
            messages_.clear();
        auto& seen = messages_.try_emplace(std::string(message), Seen{now, 0, 0}).first->second;
        if (now - seen.since >= repeat_window)
            seen = {now, 0, seen.left_out};
        if (++seen.written > most_repeats) {
            ++seen.left_out;
            return {false, 0};
        }
        return {true, std::exchange(seen.left_out, 0)};
    }

    std::map<std::string, std::uint64_t> take_left_out()
    {
        const std::scoped_lock lock(mutex_);
        std::map<std::string, std::uint64_t> left_out;
        for (auto& [message, seen] : messages_)
            if (seen.left_out != 0)
                left_out[message] = std::exchange(seen.left_out, 0);
        return left_out;
    }

private:
    struct Seen {
        std::chrono::steady_clock::time_point since;
        unsigned written;
        std::uint64_t left_out;
    };
    std::mutex mutex_;
    std::map<std::string, Seen, std::less<>> messages_;
};

Repeats& repeats()
{
    static Repeats instance;
    return instance;
}

// All but the milliseconds stays the same for a second.
std::string_view now_text()
{
    constexpr std::size_t up_to_the_second = sizeof "2026-01-31T12:00:00." - 1;
    thread_local std::time_t known = -1;
    thread_local std::array<char, 32> text{};
    const auto now = std::chrono::system_clock::now();
    const auto seconds = std::chrono::system_clock::to_time_t(now);
    if (seconds != known) {
        std::tm parts{};
        ::gmtime_r(&seconds, &parts);
        std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &parts);
        known = seconds;
    }
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    auto end = up_to_the_second;
    for (const auto unit : {100, 10, 1})
        text.at(end++) = static_cast<char>('0' + millis / unit % 10);
    text.at(end++) = 'Z';
    return {text.data(), end};
}

// A character that a logfmt value holds without quotes; a table, since each character of each line is looked up.
constexpr auto plain_characters = [] {
    std::array<bool, 256> plain{};
    for (unsigned c = 0x21; c < plain.size(); ++c)
        plain.at(c) = c != 0x7F && c != '"' && c != '=' && c != '\\';
    return plain;
}();

bool plain(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](char c) { return plain_characters.at(static_cast<unsigned char>(c)); });
}

void append_quoted(std::string_view text, std::string& line) // as a JSON string
{
    constexpr std::string_view hexadecimal = "0123456789abcdef";
    line += '"';
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
        } else if (c == '\n') {
            line += "\\n";
        } else if (code < 0x20 || code == 0x7F) {
            line += "\\u00";
            line += hexadecimal[code >> 4U];
            line += hexadecimal[code & 0xFU];
        } else {
            line += c;
        }
    }
    line += '"';
}

char separator(Format format)
{
    return format == Format::json ? ',' : ' ';
}

void append_pair(Format format, const Pair& pair, std::string& line)
{
    if (format == Format::json) {
        append_quoted(pair.name, line);
        line += ':';
    } else {
        line += pair.name;
        line += '=';
    }
    if (format == Format::json ? pair.kind == Kind::number : plain(pair.value))
        line += pair.value;
    else
        append_quoted(pair.value, line);
}

void append_more(Format format, Pairs pairs, std::string& line)
{
    for (const auto& pair : pairs)
        if (!pair.value.empty()) {
            line += separator(format);
            append_pair(format, pair, line);
        }
}

std::string beginning_of(Format format, Level level, std::string_view message, Pairs pairs)
{
    std::string line;
    append_pair(format, {"level", level_names.at(static_cast<std::size_t>(level))}, line);
    append_more(format, {{"message", message}}, line);
    append_more(format, pairs, line);
    return line;
}

void write_line(Format format, Level level, std::string_view beginning, Pairs rest)
{
    thread_local std::string line; // keeps its room
    line.clear();
    if (writes_to_journal())
        line += journal_severity(level);
    if (format == Format::json)
        line += '{';
    if (!writes_to_journal()) {
        append_pair(format, {"time", now_text()}, line);
        line += separator(format);
    }
    line += beginning;
    append_more(format, rest, line);
    if (format == Format::json)
        line += '}';
    writer().add(line);
}

void write_now(Level level, std::string_view message, Pairs pairs, std::uint64_t left_out)
{
    const auto format = line_format.load();
    const auto count = left_out == 0 ? std::string{} : std::to_string(left_out);
    write_line(format, level, beginning_of(format, level, message, pairs), {{"left_out", count, Kind::number}});
}

} // namespace

void configure(Level least, Format format)
{
    least_level = least;
    line_format = format;
}

void flush()
{
    for (const auto& [message, count] : repeats().take_left_out())
        write_now(Level::warn, message, {}, count);
    writer().flush();
}

bool enabled(Level level)
{
    return level >= least_level.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view message, Pairs pairs)
{
    if (!enabled(level))
        return;
    const auto verdict = level >= Level::warn ? repeats().judge(message) : Repeats::Verdict{};
    if (verdict.write)
        write_now(level, message, pairs, verdict.left_out);
}

PreparedLine::PreparedLine(Level level, std::string_view message, Pairs same)
    : level_(level), format_(line_format), beginning_(beginning_of(format_, level, message, same))
{}

void PreparedLine::write(Pairs rest) const
{
    if (enabled(level_))
        write_line(format_, level_, beginning_, rest);
}

std::string render(Format format, Level level, std::string_view message, Pairs pairs)
{
    const auto line = beginning_of(format, level, message, pairs);
    return format == Format::json ? '{' + line + '}' : line;
}

} // namespace nomadic::log
