#pragma once

// An API key or token. It can't be printed, logged or compared by accident, and its bytes are wiped when it goes. Share
// one by shared_ptr<const Secret>. Any thread.

#include <string>
#include <string_view>

namespace nomadic {

class Secret {
public:
    explicit Secret(std::string text) : text_(std::move(text)) {}
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret();

    std::string_view reveal() const { return text_; } // for the wire and for keyed hashes only
    bool equals(std::string_view candidate) const;    // in time that does not depend on where they differ

private:
    std::string text_;
};

} // namespace nomadic
