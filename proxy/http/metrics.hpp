#pragma once

// What the daemon counts, for Prometheus. Counting is for any thread; the text is made by whoever asks for it.

#include "proxy/http/message.hpp"

#include <chrono>
#include <memory>

namespace nomadic::proxy {

class Metrics {
public:
    Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;
    ~Metrics();

    // `cache` is read off the answer's Cache-Status.
    void request(const Request& request, const Response& response, std::chrono::steady_clock::duration took);
    void gauge(const std::string& name, const std::string& help, double value);

    std::string text() const; // the text exposition format, version 0.0.4

private:
    struct Families;
    std::unique_ptr<Families> families_;
};

} // namespace nomadic::proxy
