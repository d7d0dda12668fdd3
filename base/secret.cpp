#include "base/secret.hpp"

#include <cstring>

namespace nomadic {

Secret::~Secret()
{
    ::explicit_bzero(text_.data(), text_.size());
}

bool Secret::equals(std::string_view candidate) const
{
    unsigned difference = text_.size() == candidate.size() ? 0U : 1U;
    for (std::size_t i = 0; i < candidate.size() && !text_.empty(); ++i)
        difference |= static_cast<unsigned char>(text_[i % text_.size()]) ^ static_cast<unsigned char>(candidate[i]);
    return difference == 0 && text_.size() == candidate.size();
}

} // namespace nomadic
