#include "batch/timestamp.hpp"

#include <doctest/doctest.h>

using namespace nomadic::batch;

TEST_CASE("timestamp: seconds become MM:SS, or HH:MM:SS from one hour, each part floored")
{
    struct Row {
        const char *time, *expected;
    };
    for (const auto& row : {Row{"t=12.5", "00:12"}, Row{"12.5", "00:12"}, Row{"t=3599.9", "59:59"},
                            Row{"t=3600", "01:00:00"}, Row{"t=-5", "59:55"}, Row{"t= 7 ", "00:07"}, Row{"1_0", "00:10"},
                            Row{"", "00:00"}, Row{"soon", "00:00"}, Row{"nan", "00:00"}, Row{"t=inf", "00:00"}}) {
        CAPTURE(row.time);
        CHECK(video_timestamp(row.time, Fraction::truncated) == row.expected);
    }
}

TEST_CASE("timestamp: action segmentation keeps the exact decimal fraction without trailing zeros")
{
    struct Row {
        const char *time, *expected;
    };
    for (const auto& row : {Row{"t=12.50", "00:12.5"}, Row{"t=12", "00:12"}, Row{"t=12.0", "00:12."},
                            Row{"t=3661.125", "01:01:01.125"}, Row{"t=1e1", "00:10"}, Row{"t=1.25e1", "00:12.5"},
                            Row{"t=-1", "00:00"}, Row{"t=1e-7", "00:00.0000001"}, Row{"t=nan", "00:00"}}) {
        CAPTURE(row.time);
        CHECK(video_timestamp(row.time, Fraction::kept) == row.expected);
    }
}

TEST_CASE("timestamp: a printed time reads back as seconds")
{
    CHECK(timestamp_seconds("01:02:03") == 3723);
    CHECK(timestamp_seconds("02:03.5") == 123.5);
    CHECK(timestamp_seconds("") == 0);
    CHECK(timestamp_seconds("a:b") == 0);
}
