#include "daemon/progress.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <iostream>

namespace nomadic::daemon {

void ProgressBar::fetching(const std::string& batch_id, std::uint64_t videos, std::uint64_t total)
{
    const auto now = std::chrono::steady_clock::now();
    if (batch_id_ != batch_id)
        begun_ = now;
    batch_id_ = batch_id;
    if (output_ == Output::terminal)
        draw(batch_id + describe(videos, total, now - begun_));
}

void ProgressBar::waiting(const std::string& batch_id, const std::string& status)
{
    const auto text = batch_id + ": waiting, its status is " + status;
    if (output_ == Output::terminal)
        draw(text);
    else if (told_ != text)
        std::cerr << text << std::endl;
    told_ = text;
}

void ProgressBar::finished(const std::string& line)
{
    clear();
    ++done_;
    std::cout << line << std::endl;
}

std::string ProgressBar::describe(std::uint64_t videos, std::uint64_t total, std::chrono::duration<double> elapsed)
{
    constexpr std::size_t width = 24;
    const auto part = total == 0 ? 0.0 : static_cast<double>(videos) / static_cast<double>(total);
    const auto filled = static_cast<std::size_t>(part * static_cast<double>(width));
    auto text = " [" + std::string(filled, '#') + std::string(width - std::min(filled, width), ' ') + "] " +
                std::to_string(videos) + "/" + std::to_string(total) + " videos";
    const auto rate = elapsed.count() > 0 ? static_cast<double>(videos) / elapsed.count() : 0.0;
    if (rate <= 0 || !std::isfinite(rate))
        return text;
    std::array<char, 64> tail{};
    std::snprintf(tail.data(), tail.size(), "  %.0f/s  %.0f s left", rate, static_cast<double>(total - videos) / rate);
    return text + tail.data();
}

void ProgressBar::draw(const std::string& text)
{
    std::cerr << "\r\x1b[K(" << done_ + 1 << "/" << batches_ << ") " << text << std::flush;
    drawn_ = true;
}

void ProgressBar::clear()
{
    if (drawn_)
        std::cerr << "\r\x1b[K" << std::flush;
    drawn_ = false;
}

} // namespace nomadic::daemon
