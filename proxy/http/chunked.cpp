#include "proxy/http/chunked.hpp"

#include "proxy/http/field_lines.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace nomadic::proxy {

namespace {

constexpr std::size_t longest_line = 4096;

Failure malformed_body()
{
    return {.code = Errc::bad_request, .detail = "The request's chunked body is malformed.", .members = {}};
}

// A whole line at the front, without its CRLF; empty while it is not all there. A line without CR, or without end, is
// malformed.
Result<std::optional<std::string_view>> line_of(std::string_view in)
{
    const auto end = in.find('\n');
    if (end == std::string_view::npos)
        return in.size() > longest_line ? Result<std::optional<std::string_view>>(malformed_body())
                                        : std::optional<std::string_view>{};
    if (end == 0 || in[end - 1] != '\r' || end > longest_line)
        return malformed_body();
    return std::optional(in.substr(0, end - 1));
}

} // namespace

Result<ChunkedDecoder::Step> ChunkedDecoder::decode(std::string_view in, char* out, std::size_t room)
{
    Step step;
    while (state_ != State::done) {
        const auto rest = in.substr(step.consumed);
        if (state_ == State::data) {
            const auto count = static_cast<std::size_t>(
                std::min({left_, std::uint64_t{rest.size()}, std::uint64_t{room - step.produced}}));
            if (count == 0)
                break;
            std::memcpy(out + step.produced, rest.data(), count);
            step.consumed += count;
            step.produced += count;
            left_ -= count;
            if (left_ == 0)
                state_ = State::data_end;
            continue;
        }
        const auto line = line_of(rest);
        if (!line)
            return line.error();
        if (!*line)
            break;
        step.consumed += (*line)->size() + 2;
        Result<void> taken;
        if (state_ == State::size)
            taken = begin_chunk(**line);
        else if (state_ == State::trailer)
            taken = take_trailer(**line);
        else if ((*line)->empty())
            state_ = State::size;
        else
            taken = malformed_body();
        if (!taken)
            return taken.error();
    }
    return step;
}

Result<void> ChunkedDecoder::begin_chunk(std::string_view line)
{
    const auto size = line.substr(0, line.find(';')); // extensions say nothing that anybody would need
    if (!is_field_value(line.substr(size.size())))
        return malformed_body();
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), left_, 16);
    if (size.empty() || error != std::errc{} || end != size.data() + size.size())
        return malformed_body();
    state_ = left_ == 0 ? State::trailer : State::data;
    return {};
}

Result<void> ChunkedDecoder::take_trailer(std::string_view line)
{
    if (line.empty()) {
        state_ = State::done;
        return {};
    }
    trailer_bytes_ += line.size();
    if (trailer_bytes_ > most_trailer_bytes_ || !take_field(line, trailers_))
        return malformed_body();
    return {};
}

} // namespace nomadic::proxy
