#include "daemon/event_stream.hpp"

namespace nomadic::daemon {

void EventStream::take(std::string_view bytes)
{
    waiting_ += bytes;
    std::size_t begin = 0;
    for (auto end = waiting_.find('\n'); end != std::string::npos; end = waiting_.find('\n', begin)) {
        line(std::string_view(waiting_).substr(begin, end - begin));
        begin = end + 1;
    }
    waiting_.erase(0, begin);
}

void EventStream::line(std::string_view text)
{
    constexpr std::string_view event = "event: ", data = "data: ";
    if (text.starts_with(event)) {
        event_ = text.substr(event.size());
    } else if (text.starts_with(data)) {
        data_ = text.substr(data.size());
    } else if (text.empty() && !event_.empty()) {
        each_(event_, data_);
        event_.clear();
        data_.clear();
    }
}

} // namespace nomadic::daemon
