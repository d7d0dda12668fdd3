#include "base/error.hpp"

#include <stdexcept>

namespace nomadic {

std::string told(const Failure& failure)
{
    return failure.advice.empty() ? failure.detail : failure.detail + " " + failure.advice;
}

void throw_exception_from_error(const Failure& failure, const boost::source_location& location)
{
    throw std::logic_error(std::string("unchecked failure in ") + location.function_name() + ": " + failure.detail);
}

} // namespace nomadic
