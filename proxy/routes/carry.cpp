#include "proxy/routes/carry.hpp"

#include "cache/bundle.hpp"
#include "proxy/routes/identified.hpp"
#include "proxy/routes/uncached.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

namespace nomadic::proxy {

namespace {

namespace json = boost::json;

constexpr std::size_t piece_size = std::size_t{1} << 20;

// Removed when nobody works on it any more, whatever became of the work.
class TemporaryFile {
public:
    explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { std::remove(path_.c_str()); }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

struct Choice {
    std::vector<std::string> batch_ids; // empty: all
    cache::States states = cache::States::newest;
};

Result<Choice> parse_choice(const std::string& body)
{
    const Failure wrong{.code = Errc::bad_request,
                        .detail = "The body must be empty or like {\"batch_ids\": [\"...\"], \"history\": false}; "
                                  "without batch_ids all batches are exported.",
                        .members = {}};
    Choice choice;
    if (body.empty())
        return choice;
    boost::system::error_code error;
    const auto document = json::parse(body, error);
    if (error || !document.is_object())
        return wrong;
    for (const auto& member : document.get_object()) {
        if (member.key() == "history" && member.value().is_bool()) {
            choice.states = member.value().get_bool() ? cache::States::all : cache::States::newest;
        } else if (member.key() == "batch_ids" && member.value().is_array() && !member.value().get_array().empty()) {
            for (const auto& id : member.value().get_array()) {
                if (!id.is_string())
                    return wrong;
                choice.batch_ids.emplace_back(id.get_string());
            }
        } else {
            return wrong;
        }
    }
    return choice;
}

// The file as a body that needs no name any more.
Result<std::shared_ptr<const cache::Body>> take_file(const std::string& path)
{
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const auto size = descriptor < 0 ? -1 : ::lseek(descriptor, 0, SEEK_END);
    if (size < 0)
        return Failure{.code = Errc::store_failed, .detail = "The bundle can't be read back.", .members = {}};
    return std::make_shared<const cache::Body>(cache::SpoolFile::adopt(descriptor, static_cast<std::uint64_t>(size)));
}

// What is to be exported, and the most that its bundle can take while it is written.
struct Cargo {
    std::vector<cache::Key> keys;
    std::uint64_t bytes = 0;
};

// No bundle is larger than the store that it comes from. Without earlier states and pictures it is smaller than three
// quarters of the JSON it stands for and some for each video; its log is emptied again and again.
Result<Cargo> weigh(cache::Store& store, const std::vector<cache::Scope>& scopes, const Choice& choice)
{
    constexpr std::uint64_t empty = 256 * 1024, a_video = 1024, log = 8 * 1024 * 1024;
    auto keys = cache::find_batches(store, scopes, choice.batch_ids);
    if (!keys)
        return keys.error();
    auto all = store.disk_bytes();
    if (!all)
        return all.error();
    std::uint64_t newest = empty;
    bool only_newest = choice.states == cache::States::newest;
    for (const auto& key : *keys) {
        auto snapshot = store.find(key);
        auto pictures = store.pictures(key);
        if (!snapshot || !pictures)
            return snapshot ? pictures.error() : snapshot.error();
        if (*snapshot)
            newest += (*snapshot)->bytes / 4 * 3 + (*snapshot)->videos * a_video;
        only_newest = only_newest && pictures->empty();
    }
    const auto bundle = only_newest ? std::min(newest, *all + empty) : *all + empty;
    return Cargo{std::move(*keys), bundle + std::min(bundle, log)};
}

} // namespace

void CarryRoutes::add_to(Router& router)
{
    using Member = awaitable<Result<Response>> (CarryRoutes::*)(Request&, Identity);
    const auto add = [&](std::string_view method, std::string_view pattern, Member member) {
        const auto handler = [this, member](Request& request, Identity identity, const PathParameters&) {
            return (this->*member)(request, std::move(identity));
        };
        router.add(method, pattern, identified(credentials_, handler), ReadsQuery::no);
    };
    add("POST", "/v1/export", &CarryRoutes::export_bundle);
    add("POST", "/v1/import", &CarryRoutes::import_bundle);
    add("GET", "/v1/verify", &CarryRoutes::verify);
}

std::string CarryRoutes::next_file(std::string_view purpose)
{
    return parameters_.directory + "/" + std::string(purpose) + "-" + std::to_string(::getpid()) + "-" +
           std::to_string(++files_) + ".tmp";
}

awaitable<Result<Response>> CarryRoutes::export_bundle(Request& request, Identity identity)
{
    auto body = co_await read_body(*request.body, parameters_.most_body_bytes);
    if (!body)
        co_return body.error();
    auto choice = parse_choice(*body);
    if (!choice)
        co_return choice.error();
    auto look = [choice = *choice, scopes = std::move(identity.scopes)](cache::Store& store) {
        return weigh(store, scopes, choice);
    };
    auto cargo = co_await store_.behind(std::move(look));
    if (!cargo)
        co_return cargo.error();
    const auto room = co_await batches_.bounds().find_room(cargo->bytes);
    if (!room) {
        auto failure = room.error();
        failure.detail += " Export fewer batches at a time, raise the quota, or let the bundle be written past the "
                          "daemon: 'nomadic-cached export --cache-data-dir DIRECTORY'.";
        co_return failure;
    }
    const auto file = std::make_shared<TemporaryFile>(next_file("export"));
    auto work = [file, keys = std::move(cargo->keys),
                 states = choice->states](cache::Store& store) -> Result<std::shared_ptr<const cache::Body>> {
        if (auto written = cache::write_bundle(store, keys, states, file->path()); !written)
            return written.error();
        return take_file(file->path());
    };
    auto bundle = co_await store_.behind(std::move(work));
    if (!bundle)
        co_return bundle.error();
    Response response;
    response.fields.add("Content-Type", "application/vnd.sqlite3");
    response.fields.add("Content-Disposition", "attachment; filename=\"nomadic-cached.bundle\"");
    response.fields.add("Cache-Control", "no-store");
    response.body = std::move(*bundle);
    co_return response;
}

// Piece by piece into a file, so that a bundle is never in memory. While it lasts there is room for it and for as much
// again: for what is about to be stored of it.
awaitable<Result<CarryRoutes::Rooms>> CarryRoutes::receive(BodyReader& body, std::string path)
{
    const auto file = std::make_shared<std::ofstream>(path, std::ios::binary | std::ios::trunc);
    Rooms rooms;
    std::uint64_t total = 0;
    for (bool more = true; more;) {
        std::string piece(piece_size, '\0');
        std::size_t used = 0;
        while (more && used < piece.size()) {
            auto got = co_await body.read_some(asio::buffer(piece.data() + used, piece.size() - used));
            if (!got)
                co_return got.error();
            more = *got > 0;
            used += *got;
        }
        piece.resize(used);
        total += used;
        if (total > parameters_.most_bundle_bytes)
            co_return Failure{.code = Errc::payload_too_large,
                              .detail = "The bundle is larger than cache.disk_quota allows.",
                              .members = {}};
        auto room = co_await batches_.bounds().make_room(2 * std::uint64_t{used});
        if (!room)
            co_return room.error();
        rooms.push_back(std::move(*room));
        auto write = [file, piece = std::move(piece), last = !more](cache::Store&) {
            file->write(piece.data(), static_cast<std::streamsize>(piece.size()));
            if (last)
                file->flush();
            return file->good();
        };
        const bool written = co_await store_.behind(std::move(write));
        if (!written)
            co_return Failure{.code = Errc::store_failed,
                              .detail = "The bundle could not be written to the data directory. Is the disk full?",
                              .members = {}};
    }
    co_return rooms;
}

awaitable<Result<Response>> CarryRoutes::import_bundle(Request& request, Identity identity)
{
    if (identity.scopes.empty())
        co_return Failure{.code = Errc::unauthorized,
                          .detail = "Whose the imported batches will be is said by a key. Send yours as X-API-Key, or "
                                    "stop the daemon and import into its data directory.",
                          .members = {}};
    const auto file = std::make_shared<TemporaryFile>(next_file("import"));
    const auto rooms = co_await receive(*request.body, file->path());
    if (!rooms)
        co_return rooms.error();
    const auto scope = identity.scopes.front();
    auto work = [file, scope, now = clock_.now()](cache::Store& store) {
        return cache::import_bundle(file->path(), store, scope, now);
    };
    auto adopted = co_await store_.behind(std::move(work));
    if (!adopted) {
        auto failure = adopted.error();
        // That it is no good is said of what was sent, not of our copy.
        if (const auto at = failure.detail.find(file->path()); at != std::string::npos)
            failure.detail.replace(at, file->path().size(), "that was sent");
        co_return failure;
    }
    json::array batches;
    for (const auto& batch : *adopted) {
        batches_.forget({scope, batch.batch_id});
        batches.push_back({{"batch_id", batch.batch_id}, {"outcome", cache::name_of(batch.outcome)}});
    }
    co_return uncached({{"batches", std::move(batches)}});
}

// What is wrong with another user's batch is not told in its words, which name it.
awaitable<Result<Response>> CarryRoutes::verify(Request&, Identity identity)
{
    auto work = [](cache::Store& store) { return store.check(); };
    auto findings = co_await store_.behind(work);
    if (!findings)
        co_return findings.error();
    json::array listed;
    for (const auto& finding : *findings) {
        const bool ours = !finding.key || std::find(identity.scopes.begin(), identity.scopes.end(),
                                                    finding.key->scope) != identity.scopes.end();
        json::object entry{{"batch_id", nullptr}, {"what", ours ? finding.what : "a batch of another user is damaged"}};
        if (ours && finding.key)
            entry["batch_id"] = finding.key->batch_id;
        listed.push_back(std::move(entry));
    }
    const bool sound = listed.empty();
    co_return uncached({{"sound", sound}, {"findings", std::move(listed)}});
}

} // namespace nomadic::proxy
