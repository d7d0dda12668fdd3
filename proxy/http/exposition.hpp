#pragma once

// Writes the Prometheus text exposition format, version 0.0.4. Pure, any thread.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace nomadic::proxy {

// How long something took, counted by upper bounds that suit answers from memory as well as slow upstreams. Counting is
// a search in a few numbers; no allocation.
class Histogram {
public:
    static constexpr std::array bounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                       0.1,    0.25,    0.5,    1.0,   2.5,    5.0,   10.0, 30.0,  60.0};

    void observe(double seconds);

private:
    friend class Exposition;
    std::array<std::uint64_t, bounds.size() + 1> counts_{}; // the last: beyond all bounds
    double sum_ = 0;
};

class Exposition {
public:
    using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

    // What the samples that follow belong to.
    void counter(std::string_view name, std::string_view help) { family(name, "counter", help); }
    void gauge(std::string_view name, std::string_view help) { family(name, "gauge", help); }
    void histogram(std::string_view name, std::string_view help) { family(name, "histogram", help); }

    void sample(Labels labels, double value) { line("", labels, {}, value); }
    void sample(double value) { line("", {}, {}, value); }
    void sample(Labels labels, const Histogram& histogram);

    std::string text() && { return std::move(text_); }

private:
    void family(std::string_view name, std::string_view type, std::string_view help);
    void line(std::string_view suffix, Labels labels, std::string_view upper_bound, double value);

    std::string name_;
    std::string text_;
};

} // namespace nomadic::proxy
