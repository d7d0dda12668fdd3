#include "batch/json/read.hpp"

#include "batch/json/escape.hpp"
#include "batch/json/repeated_names.hpp"
#include "batch/json/scan.hpp"

#include <limits>

namespace nomadic::batch::json {

namespace {

// Recursive descent; depth is bounded by deepest_nesting. Items of unfinished arrays and objects wait on two stacks
// and move to the arena when their end is seen.
class Reader {
public:
    Reader(std::string_view text, Arena& arena)
        : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()), arena_(arena)
    {
        constexpr std::size_t most_events_have = 32;
        members_.reserve(most_events_have);
    }

    // Records where the items of the array at member `name` of the outermost object stand.
    void slice(std::string_view name, std::vector<std::string_view>& items)
    {
        slice_name_ = name;
        slices_ = &items;
    }

    Result<Value> document()
    {
        if (static_cast<std::size_t>(end_ - begin_) >= std::numeric_limits<std::uint32_t>::max())
            return fail("is larger than 4 GiB");
        Value value;
        skip_space();
        if (read_value(value)) {
            skip_space();
            if (at_ == end_)
                return value;
            wrong("has something after its end");
        }
        return fail(problem_);
    }

private:
    Failure fail(const char* problem) const
    {
        return {.code = Errc::upstream_failed,
                .detail = std::string("The JSON text ") + problem + ", at byte " + std::to_string(at_ - begin_) + ".",
                .members = {}};
    }

    bool wrong(const char* problem)
    {
        problem_ = problem;
        return false;
    }

    void skip_space()
    {
        while (at_ != end_ && *at_ <= ' ' && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t'))
            ++at_;
    }

    bool read_word(std::string_view word)
    {
        if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, word.size()) != word)
            return wrong("has a word that is no value");
        at_ += word.size();
        return true;
    }

    bool read_value(Value& value)
    {
        if (at_ == end_)
            return wrong("ends where a value is expected");
        switch (*at_) {
        case '"':
            return read_string(value);
        case '{':
            return read_object(value);
        case '[':
            return read_array(value);
        case 't':
            value = Value::boolean(true);
            return read_word("true");
        case 'f':
            value = Value::boolean(false);
            return read_word("false");
        case 'n':
            value = Value{};
            return read_word("null");
        case 'N':
            value = Value::real("NaN");
            return read_word("NaN");
        case 'I':
            value = Value::real("Infinity");
            return read_word("Infinity");
        default:
            return read_number(value);
        }
    }

    bool read_digits()
    {
        if (at_ == end_ || !is_digit(*at_))
            return wrong("has a number that is none");
        while (at_ != end_ && is_digit(*at_))
            ++at_;
        return true;
    }

    bool read_number(Value& value)
    {
        const char* const start = at_;
        if (*at_ == '-')
            ++at_;
        if (at_ != end_ && *at_ == 'I' && at_ != start) {
            value = Value::real("-Infinity");
            return read_word("Infinity");
        }
        if (at_ != end_ && *at_ == '0')
            ++at_;
        else if (!read_digits())
            return false;
        bool real = false;
        if (end_ - at_ >= 2 && *at_ == '.' && is_digit(at_[1])) {
            real = true;
            ++at_;
            read_digits();
        }
        if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
            real = true;
            ++at_;
            if (at_ != end_ && (*at_ == '+' || *at_ == '-'))
                ++at_;
            if (!read_digits())
                return false;
        }
        const std::string_view text(start, static_cast<std::size_t>(at_ - start));
        value = real ? Value::real(text) : Value::integer(text == "-0" ? "0" : text);
        return true;
    }

    bool read_string(Value& value)
    {
        const char* const start = ++at_;
        bool high = false;
        at_ = find_special(at_, end_, high);
        if (at_ == end_)
            return wrong("ends within a string");
        if (*at_ == '\\')
            return read_escaped_string(start, value);
        if (*at_ != '"')
            return wrong("has a control character in a string");
        const std::string_view text(start, static_cast<std::size_t>(at_ - start));
        if (high && !is_utf8(text))
            return wrong("has a string that is not UTF-8");
        ++at_;
        value = Value::string(text, true);
        return true;
    }

    bool read_escaped_string(const char* start, Value& value)
    {
        scratch_.clear();
        const char* piece = start;
        bool high = false;
        for (;;) {
            at_ = find_special(at_, end_, high);
            if (at_ == end_)
                return wrong("ends within a string");
            scratch_.append(piece, at_);
            if (*at_ == '"')
                break;
            if (*at_ != '\\')
                return wrong("has a control character in a string");
            ++at_;
            if (const char* problem = unescape(at_, end_, scratch_))
                return wrong(problem);
            piece = at_;
        }
        ++at_;
        if (high && !is_utf8(scratch_))
            return wrong("has a string that is not UTF-8");
        bool ignored = false;
        const char* const text_end = scratch_.data() + scratch_.size();
        const bool plain = find_special(scratch_.data(), text_end, ignored) == text_end;
        value = Value::string(arena_.keep(scratch_), plain);
        return true;
    }

    bool descend() { return ++depth_ <= deepest_nesting || wrong("is nested too deeply"); }

    bool read_array(Value& value)
    {
        if (!descend())
            return false;
        auto* const slices = depth_ == 2 && slice_next_ ? slices_ : nullptr;
        const std::size_t first = items_.size();
        ++at_;
        skip_space();
        bool more = at_ == end_ || *at_ != ']';
        while (more) {
            Value item;
            const char* const start = at_;
            if (!read_value(item))
                return false;
            if (slices != nullptr)
                slices->emplace_back(start, static_cast<std::size_t>(at_ - start));
            items_.push_back(item);
            if (!read_comma(']', more))
                return false;
        }
        ++at_;
        value = Value::array(settle(items_, first));
        --depth_;
        return true;
    }

    bool read_object(Value& value)
    {
        if (!descend())
            return false;
        const std::size_t first = members_.size();
        ++at_;
        skip_space();
        bool more = at_ == end_ || *at_ != '}';
        while (more) {
            Member member;
            if (at_ == end_ || *at_ != '"')
                return wrong("has a member without a name");
            if (!read_string(member.name))
                return false;
            skip_space();
            if (at_ == end_ || *at_ != ':')
                return wrong("has a member without a colon");
            ++at_;
            skip_space();
            slice_next_ = depth_ == 1 && slices_ != nullptr && member.name.text() == slice_name_;
            if (slice_next_)
                slices_->clear();
            if (!read_value(member.value))
                return false;
            slice_next_ = false;
            members_.push_back(member);
            if (!read_comma('}', more))
                return false;
        }
        ++at_;
        drop_repeated_names(members_, first);
        value = Value::object(settle(members_, first));
        --depth_;
        return true;
    }

    // Passes the comma before another item, or stops at `close`.
    bool read_comma(char close, bool& more)
    {
        skip_space();
        if (at_ == end_)
            return wrong("ends within an array or an object");
        more = *at_ == ',';
        if (!more)
            return *at_ == close || wrong("lacks a comma");
        ++at_;
        skip_space();
        return true;
    }

    template <class T>
    std::span<const T> settle(std::vector<T>& stack, std::size_t first)
    {
        const std::size_t count = stack.size() - first;
        T* const place = arena_.allocate<T>(count);
        std::copy(stack.begin() + static_cast<std::ptrdiff_t>(first), stack.end(), place);
        stack.resize(first);
        return {place, count};
    }

    const char* const begin_;
    const char* at_;
    const char* const end_;
    Arena& arena_;
    std::vector<Value> items_;
    std::vector<Member> members_;
    std::string scratch_;
    std::size_t depth_ = 0;
    const char* problem_ = "";
    std::string_view slice_name_;
    std::vector<std::string_view>* slices_ = nullptr;
    bool slice_next_ = false;
};

} // namespace

Result<Value> read(std::string_view text, Arena& arena)
{
    return Reader(text, arena).document();
}

Result<Sliced> read_sliced(std::string_view text, std::string_view name, Arena& arena)
{
    Sliced sliced;
    Reader reader(text, arena);
    reader.slice(name, sliced.items);
    auto document = reader.document();
    if (!document)
        return document.error();
    sliced.document = *document;
    return sliced;
}

} // namespace nomadic::batch::json
