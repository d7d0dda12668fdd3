#include "base/log.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <atomic>
#include <ctime>

namespace nomadic::log {

namespace {

constexpr std::size_t most_waiting_lines = 8192;
constexpr std::array<std::string_view, 5> level_names{"trace", "debug", "info", "warn", "error"};

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
    line += plain(value) ? std::string(value) : boost::json::serialize(boost::json::value(value));
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

std::string render_after(std::string line, Format format, Level level, std::string_view message, Pairs pairs)
{
    append(format, "level", level_names.at(static_cast<std::size_t>(level)), line);
    append(format, "message", message, line);
    for (const auto& pair : pairs)
        append(format, pair.name, pair.value, line);
    if (format == Format::json)
        line += '}';
    return line;
}

} // namespace

void configure(Level least, Format format)
{
    least_level = least;
    line_format = format;
}

void flush()
{
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
    const auto format = line_format.load();
    std::string line;
    append(format, "time", now_text(), line);
    line = render_after(std::move(line), format, level, message, pairs);
    backend().logger->log(spdlog::level::info, "{}", line);
}

std::string render(Format format, Level level, std::string_view message, Pairs pairs)
{
    return render_after({}, format, level, message, pairs);
}

} // namespace nomadic::log
