#include "daemon/progress.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <iostream>

namespace nomadic::daemon {

void ProgressBar::fetching(const std::string& batch_id, const Fetched& so_far)
{
    const auto now = std::chrono::steady_clock::now();
    if (batch_id_ != batch_id)
        begun_ = now;
    batch_id_ = batch_id;
    if (output_ == Output::terminal)
        draw(batch_id + describe(so_far, now - begun_));
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

std::string ProgressBar::describe(const Fetched& so_far, std::chrono::duration<double> elapsed)
{
    constexpr std::size_t width = 24;
    const auto videos = static_cast<double>(so_far.videos);
    const auto total = static_cast<double>(so_far.total);
    const auto filled = so_far.total == 0 ? 0 : static_cast<std::size_t>(videos / total * static_cast<double>(width));
    auto text = " [" + std::string(filled, '#') + std::string(width - std::min(filled, width), ' ') + "] " +
                std::to_string(so_far.videos) + "/" + std::to_string(so_far.total) + " videos";
    const auto rate = elapsed.count() > 0 ? videos / elapsed.count() : 0.0;
    if (rate > 0 && std::isfinite(rate)) {
        std::array<char, 64> speed{};
        std::snprintf(speed.data(), speed.size(), "  %.0f/s  %.0f s left", rate, (total - videos) / rate);
        text += speed.data();
    }
    if (so_far.retries > 0)
        text += "  " + std::to_string(so_far.retries) + (so_far.retries == 1 ? " retry" : " retries");
    return text;
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
