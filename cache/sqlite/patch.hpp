#pragma once

// The difference between two byte strings that are mostly the same, such as a record before and after a review. Pure,
// any thread.

#include <optional>
#include <string>
#include <string_view>

namespace nomadic::cache::sqlite {

std::string make_patch(std::string_view from, std::string_view to);
// Empty when the patch is none that was made for `text`.
std::optional<std::string> apply_patch(std::string text, std::string_view patch);

// Numbers in seven bits a byte, least first: most are small.
void put_number(std::size_t number, std::string& out);
std::optional<std::size_t> take_number(std::string_view& bytes);
std::optional<std::string_view> take_bytes(std::string_view& bytes); // behind their count

} // namespace nomadic::cache::sqlite
