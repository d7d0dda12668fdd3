#include "base/log.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <map>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>

namespace nomadic::log {

namespace {

constexpr std::size_t most_waiting_lines = 8192;
constexpr std::array<std::string_view, 5> level_names{"trace", "debug", "info", "warn", "error"};

// The same warning is written so often in such a time; the next one after it says how many were left out.
constexpr unsigned most_repeats = 5;
constexpr std::chrono::seconds repeat_window{10};
constexpr std::size_t most_messages = 256; // that are told apart

std::atomic<Level> least_level{Level::info};
std::atomic<Format> line_format{Format::logfmt};

struct Backend {
    std::shared_ptr<spdlog::details::thread_pool> pool =
        std::make_shared<spdlog::details::thread_pool>(most_waiting_lines, 1);
    std::shared_ptr<spdlog::sinks::stderr_sink_mt> sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    std::shared_ptr<spdlog::async_logger> logger = std::make_shared<spdlog::async_logger>(
        "nomadic-cached", sink, pool, spdlog::async_overflow_policy::overrun_oldest);

    Backend()
    {
        logger->set_pattern("%v");
        logger->set_level(spdlog::level::trace);
    }
};

Backend& backend()
{
    static Backend instance;
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

std::string now_text()
{
    const auto now = std::chrono::system_clock::now();
    const auto seconds = std::chrono::system_clock::to_time_t(now);
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, millis);
}

bool plain(std::string_view text)
{
    return !text.empty() && text.find_first_of(" \"=\\") == std::string_view::npos &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7F; });
}

void append_logfmt(std::string_view name, std::string_view value, std::string& line)
{
    if (!line.empty())
        line += ' ';
    line += name;
    line += '=';
    if (plain(value))
        line += value;
    else
        line += boost::json::serialize(boost::json::value(value));
}

void append_json(std::string_view name, std::string_view value, std::string& line)
{
    line += line.empty() ? '{' : ',';
    line += boost::json::serialize(boost::json::value(name)) + ":" + boost::json::serialize(boost::json::value(value));
}

void append(Format format, std::string_view name, std::string_view value, std::string& line)
{
    format == Format::json ? append_json(name, value, line) : append_logfmt(name, value, line);
}

std::string render_after(std::string line, Format format, Level level, std::string_view message, Pairs pairs,
                         std::uint64_t left_out = 0)
{
    append(format, "level", level_names.at(static_cast<std::size_t>(level)), line);
    append(format, "message", message, line);
    for (const auto& pair : pairs)
        append(format, pair.name, pair.value, line);
    if (left_out != 0)
        append(format, "left_out", std::to_string(left_out), line);
    if (format == Format::json)
        line += '}';
    return line;
}

void write_line(Level level, std::string_view message, Pairs pairs, std::uint64_t left_out)
{
    const auto format = line_format.load();
    std::string line;
    if (!writes_to_journal())
        append(format, "time", now_text(), line);
    line = render_after(std::move(line), format, level, message, pairs, left_out);
    if (writes_to_journal())
        line.insert(0, journal_severity(level));
    backend().logger->log(spdlog::level::info, spdlog::string_view_t(line));
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
        write_line(Level::warn, message, {}, count);
    backend().logger->flush();
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
        write_line(level, message, pairs, verdict.left_out);
}

std::string render(Format format, Level level, std::string_view message, Pairs pairs)
{
    return render_after({}, format, level, message, pairs);
}

} // namespace nomadic::log
