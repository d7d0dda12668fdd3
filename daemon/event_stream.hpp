#pragma once

// Server-sent events, as far as our own daemon sends them: an `event:` and one line of `data:`, then an empty line.

#include <functional>
#include <string>
#include <string_view>

namespace nomadic::daemon {

class EventStream {
public:
    using Each = std::function<void(std::string_view event, std::string_view data)>;
    explicit EventStream(Each each) : each_(std::move(each)) {}
    void take(std::string_view bytes); // as they come, cut anywhere

private:
    void line(std::string_view text);

    Each each_;
    std::string waiting_, event_, data_;
};

} // namespace nomadic::daemon
