#include "proxy/http/exposition.hpp"

#include <doctest/doctest.h>

using namespace nomadic::proxy;

TEST_CASE("exposition: families, labels and their escapes")
{
    Exposition exposition;
    exposition.counter("answers_total", "Answers");
    exposition.sample({{"route", "/a\"b\\c\n"}, {"cache", "hit"}}, 3);
    exposition.gauge("open", "Open");
    exposition.sample(0.25);
    CHECK(std::move(exposition).text() == "# HELP answers_total Answers\n# TYPE answers_total counter\n"
                                          "answers_total{route=\"/a\\\"b\\\\c\\n\",cache=\"hit\"} 3\n"
                                          "# HELP open Open\n# TYPE open gauge\nopen 0.25\n");
}

TEST_CASE("exposition: a histogram's buckets add up, and a bound belongs to its own bucket")
{
    Histogram histogram;
    histogram.observe(0.0001);
    histogram.observe(0.0002);
    histogram.observe(1000);
    Exposition exposition;
    exposition.histogram("took_seconds", "Time");
    exposition.sample({}, histogram);
    const auto text = std::move(exposition).text();
    CHECK(text.find("took_seconds_bucket{le=\"1e-04\"} 1\n") != std::string::npos);
    CHECK(text.find("took_seconds_bucket{le=\"0.00025\"} 2\n") != std::string::npos);
    CHECK(text.find("took_seconds_bucket{le=\"60\"} 2\n") != std::string::npos);
    CHECK(text.find("took_seconds_bucket{le=\"+Inf\"} 3\n") != std::string::npos);
    CHECK(text.find("took_seconds_count 3\n") != std::string::npos);
}
