#pragma once

// A JSON value as Python's json module would have it, without copying: strings are views into the text that was read
// (or into the arena, where they had escapes), numbers keep their own text. Values are small and trivially copyable;
// they live no longer than the text and the arena they came from.

#include "batch/json/arena.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace nomadic::batch::json {

enum class Kind : std::uint8_t {
    null,
    boolean,
    integer, // its digits: an int of any size, as in Python
    real,    // has a fraction or an exponent, or is NaN, Infinity or -Infinity
    string,
    array,
    object,
};

struct Member;

class Value {
public:
    constexpr Value() = default; // null

    static constexpr Value boolean(bool yes) { return {Kind::boolean, yes ? 1U : 0U, nullptr}; }
    static Value integer(std::string_view digits) { return text_value(Kind::integer, digits, true); }
    static Value real(std::string_view text) { return text_value(Kind::real, text, true); }
    // `plain`: holds no character that JSON writes as an escape.
    static Value string(std::string_view text, bool plain) { return text_value(Kind::string, text, plain); }
    static Value array(std::span<const Value> items)
    {
        return {Kind::array, static_cast<std::uint32_t>(items.size()), items.data()};
    }
    static inline Value object(std::span<const Member> members);
    static Value real(double number, Arena& arena); // in Python's shortest form

    Kind kind() const { return kind_; }
    bool is_null() const { return kind_ == Kind::null; }
    bool is_string() const { return kind_ == Kind::string; }
    bool is_object() const { return kind_ == Kind::object; }
    bool is_array() const { return kind_ == Kind::array; }
    bool is_number() const { return kind_ == Kind::integer || kind_ == Kind::real; }
    bool plain() const { return plain_; }

    bool as_bool() const { return size_ != 0; }
    // A string's characters, or a number as it was written.
    std::string_view text() const { return {static_cast<const char*>(pointer_), size_}; }
    std::span<const Value> items() const
    {
        return kind_ == Kind::array ? std::span{static_cast<const Value*>(pointer_), size_} : std::span<const Value>{};
    }
    inline std::span<const Member> members() const;
    // A member's value; a null pointer when there is none or this is no object.
    inline const Value* find(std::string_view name) const;
    // As Python's dict.get: null stands for both an absent member and a null one.
    inline Value get(std::string_view name) const;

private:
    constexpr Value(Kind kind, std::uint32_t size, const void* pointer, bool plain = true)
        : pointer_(pointer), size_(size), kind_(kind), plain_(plain)
    {}
    static Value text_value(Kind kind, std::string_view text, bool plain)
    {
        return {kind, static_cast<std::uint32_t>(text.size()), text.data(), plain};
    }

    const void* pointer_ = nullptr;
    std::uint32_t size_ = 0;
    Kind kind_ = Kind::null;
    bool plain_ = true;
};

struct Member {
    Value name; // a string
    Value value;
};

inline Value Value::object(std::span<const Member> members)
{
    return {Kind::object, static_cast<std::uint32_t>(members.size()), members.data()};
}

inline std::span<const Member> Value::members() const
{
    return kind_ == Kind::object ? std::span{static_cast<const Member*>(pointer_), size_} : std::span<const Member>{};
}

inline const Value* Value::find(std::string_view name) const
{
    for (const auto& member : members())
        if (const auto text = member.name.text(); text.size() == name.size() && text == name)
            return &member.value;
    return nullptr;
}

inline Value Value::get(std::string_view name) const
{
    const auto* found = find(name);
    return found == nullptr ? Value{} : *found;
}

} // namespace nomadic::batch::json
