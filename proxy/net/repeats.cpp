#include "proxy/net/repeats.hpp"

#include "proxy/http/field_list.hpp"
#include "proxy/http/server_timing.hpp"
#include "proxy/net/answer_head.hpp"
#include "proxy/net/request_id.hpp"

namespace nomadic::proxy {

namespace {

using Clock = std::chrono::steady_clock;

// Heads that are asked for again within a second are few; a client that invents them must not make us grow.
constexpr std::size_t most_kept = 1024;
constexpr std::size_t longest_head = 4096;

struct IdField {
    std::size_t begin = std::string_view::npos; // of the value, in the head
    std::size_t end = 0;
};

// Where the first X-Request-ID's value is, the spaces around it included.
IdField find_request_id(std::string_view head)
{
    constexpr std::string_view name = "x-request-id:";
    for (auto line = head.find('\n'); line != std::string_view::npos;) {
        const auto begin = line + 1;
        line = head.find('\n', begin);
        const auto text = head.substr(begin, name.size());
        if (!text.empty() && (text[0] == 'x' || text[0] == 'X') && beast::iequals(text, name))
            return {begin + name.size(), std::min(line, head.size())};
    }
    return {};
}

// All of a peer that may decide what it gets.
void append_identity(const Peer& peer, std::string& key)
{
    if (peer.kind == Peer::Kind::unix_socket) {
        key += "uid " + std::to_string(peer.uid) + " gid " + std::to_string(peer.gid);
        for (const auto group : peer.groups)
            key += " group " + std::to_string(group);
    }
    key += '\n';
}

// The body that is sent after the head, if one is.
const std::shared_ptr<const cache::Body>* sent_body(const Request& request, const Response& response)
{
    if (request.method == "HEAD" || is_bodiless(response))
        return nullptr;
    return std::get_if<std::shared_ptr<const cache::Body>>(&response.body);
}

// Whole answers from memory, or heads that have no body by nature.
bool can_be_kept(const Request& request, const Response& response)
{
    if (!response.repeat || response.close || (response.status != 200 && response.status != 304))
        return false;
    if (response.status == 304)
        return true;
    const auto* body = std::get_if<std::shared_ptr<const cache::Body>>(&response.body);
    return body != nullptr && (request.method == "HEAD" || (request.method == "GET" && (*body)->in_memory()));
}

struct HeadInParts {
    bool plain = true; // false: this head is not for us
    std::string_view request_id;
};

// What decides the answer, into `key`.
HeadInParts take_apart(std::string_view head, const Peer& peer, std::string& key)
{
    if (head.size() > longest_head)
        return {.plain = false, .request_id = {}};
    key.clear();
    append_identity(peer, key);
    const auto id = find_request_id(head);
    if (id.begin == std::string_view::npos) {
        key += head;
        return {};
    }
    // Only a line that the parser would take, with an id that would be echoed, may be left out of the comparison.
    auto value = head.substr(id.begin, id.end - id.begin);
    if (!value.ends_with('\r'))
        return {.plain = false, .request_id = {}};
    value.remove_suffix(1);
    const auto request_id = trim(value);
    key += head.substr(0, id.begin);
    key += head.substr(id.begin + value.size());
    return {.plain = is_sane_id(request_id), .request_id = request_id};
}

} // namespace

std::optional<Repeats::Repeated> Repeats::find(std::string_view head, const Peer& peer)
{
    if (entries_.empty())
        return std::nullopt;
    const auto begun = Clock::now();
    const auto asked = take_apart(head, peer, key_);
    if (!asked.plain)
        return std::nullopt;
    const auto found = entries_.find(key_);
    if (found == entries_.end())
        return std::nullopt;
    auto& entry = found->second;
    auto body = entry.body.lock();
    if (begun >= entry.repeat->until || (entry.has_body && !body)) {
        entries_.erase(found);
        return std::nullopt;
    }
    const auto took = Clock::now() - begun;
    head_ = entry.head;
    if (entry.timed) {
        head_ += "Server-Timing: ";
        append_server_timing(took, {}, head_);
        head_ += "\r\n";
    }
    head_ += "X-Request-ID: ";
    const auto id_begin = head_.size();
    if (asked.request_id.empty())
        append_next_request_id(head_);
    else
        head_ += asked.request_id;
    entry.repeat->note(peer, std::string_view(head_).substr(id_begin), took);
    head_ += "\r\n\r\n";
    return Repeated{head_, std::move(body)};
}

void Repeats::keep(std::string_view head, const Request& request, const Response& response, std::uint64_t generation)
{
    if (generation != generation_ || !can_be_kept(request, response) || !take_apart(head, request.peer, key_).plain)
        return;
    Response constant{.status = response.status, .reason = response.reason, .fields = response.fields};
    constant.fields.remove("X-Request-ID");
    constant.fields.remove("Server-Timing");
    const auto* body = sent_body(request, response);
    if (entries_.size() >= most_kept)
        entries_.clear();
    entries_.erase(key_);
    auto asked = std::make_unique<const Secret>(key_);
    const auto name = asked->reveal();
    entries_.emplace(name, Entry{.asked = std::move(asked),
                                 .head = begin_head(constant, length_framing(response), Connection::keep_alive,
                                                    request.minor_version),
                                 .repeat = response.repeat,
                                 .timed = response.fields.has("Server-Timing"),
                                 .has_body = body != nullptr,
                                 .body = body == nullptr ? std::weak_ptr<const cache::Body>{} : *body});
}

void Repeats::forget()
{
    ++generation_;
    entries_.clear();
}

} // namespace nomadic::proxy
