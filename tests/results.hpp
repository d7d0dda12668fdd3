#pragma once

// doctest prints a Result by what went wrong.

#include "base/error.hpp"

#include <doctest/doctest.h>

template <class T>
struct doctest::StringMaker<nomadic::Result<T>> {
    static String convert(const nomadic::Result<T>& result)
    {
        return result ? String("a value") : String(("failure: " + result.error().detail).c_str());
    }
};
