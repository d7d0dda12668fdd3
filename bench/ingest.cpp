// What storing a batch costs, in seconds of one core and as MB of upstream's JSON a second, step by step, beside what
// Boost.JSON needs for a DOM of the same bytes.
//   bench_ingest [VIDEOS EVENTS [STEP [REPEATS]]]     STEP: dom, parse, digest, facts, store; all of them when absent

#include "batch/digest.hpp"
#include "batch/filter.hpp"
#include "batch/parse.hpp"
#include "cache/open_store.hpp"
#include "sandbox/generate.hpp"

#include <boost/json.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <malloc.h>

using namespace nomadic;
namespace json = boost::json;

namespace {

struct Chunk {
    std::vector<batch::VideoPointer> asked;
    std::string body;
};

struct Input {
    batch::StatusDocument status;
    std::vector<Chunk> chunks;
    double megabytes = 0;
};

Input make_input(const std::string& videos, const std::string& events)
{
    constexpr std::size_t chunk_size = 100;
    const auto plan = sandbox::parse_plan("ask-" + videos + "-" + events + "-1");
    const sandbox::Generator generator;
    Input input;
    input.status = *batch::parse_status(json::serialize(generator.status(*plan, "completed", {})), plan->batch_id);
    for (std::uint32_t first = 0; first < plan->videos; first += chunk_size) {
        Chunk chunk;
        json::array analyses;
        for (std::uint32_t video = first; video < plan->videos && video < first + chunk_size; ++video) {
            chunk.asked.push_back(input.status.videos[video]);
            if (auto item = generator.item(*plan, video, {}))
                analyses.push_back(std::move(*item));
        }
        chunk.body = json::serialize(json::object{{"analyses", std::move(analyses)}});
        input.megabytes += static_cast<double>(chunk.body.size()) / 1e6;
        input.chunks.push_back(std::move(chunk));
    }
    return input;
}

std::vector<batch::VideoRecord> parse(const Input& input, const Chunk& chunk)
{
    return batch::parse_bulk(input.status, chunk.asked, chunk.body)->records;
}

void store(const Input& input, const std::string& directory)
{
    auto opened = cache::open_store(directory, TimePoint{});
    const cache::Key key{cache::make_scope("https://upstream.example", "user", "me"), input.status.batch_id};
    auto writer = opened->store->begin(key);
    for (const auto& chunk : input.chunks)
        if (auto added = (*writer)->add(parse(input, chunk)); !added)
            throw std::runtime_error(added.error().detail);
    const auto begun = std::chrono::steady_clock::now();
    if (auto committed = (*writer)->commit(input.status, TimePoint{}); !committed)
        throw std::runtime_error(committed.error().detail);
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - begun;
    std::printf("%.3f s of them, with the disk's, to publish\n", waited.count());
}

class Steps {
public:
    Steps(double megabytes, std::string only, int repeats)
        : megabytes_(megabytes), only_(std::move(only)), repeats_(repeats)
    {}

    template <class Work>
    void step(const std::string& name, Work work) const
    {
        if (!only_.empty() && only_ != name)
            return;
        for (int i = 0; i < repeats_; ++i) {
            const auto begun = std::clock();
            work();
            const double seconds = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
            std::printf("%-8s %7.3f s %7.1f MB/s\n", name.c_str(), seconds, megabytes_ / seconds);
            std::fflush(stdout);
        }
    }

private:
    double megabytes_;
    std::string only_;
    int repeats_;
};

} // namespace

int main(int argc, char** argv)
{
    // Of the daemon's threads none has the heap's end to itself; here it would be returned and faulted in again and
    // again.
    ::mallopt(M_TRIM_THRESHOLD, 256 * 1024 * 1024);
    const auto argument = [&](int i, const char* otherwise) { return std::string(argc > i ? argv[i] : otherwise); };
    const auto input = make_input(argument(1, "2000"), argument(2, "100000"));
    std::printf("%.1f MB of JSON\n", input.megabytes);
    const Steps steps(input.megabytes, argument(3, ""), std::atoi(argument(4, "1").c_str()));

    steps.step("dom", [&] {
        for (const auto& chunk : input.chunks) {
            json::monotonic_resource memory;
            (void)json::parse(chunk.body, &memory);
        }
    });
    steps.step("parse", [&] {
        for (const auto& chunk : input.chunks)
            (void)parse(input, chunk);
    });
    steps.step("digest", [&, records = parse(input, input.chunks.front())] {
        for (std::size_t i = 0; i < input.chunks.size(); ++i)
            for (const auto& record : records)
                (void)batch::digest_of(record);
    });
    steps.step("facts", [&, records = parse(input, input.chunks.front())] {
        batch::EventFactsReader reader;
        for (std::size_t i = 0; i < input.chunks.size(); ++i)
            for (const auto& record : records)
                for (std::size_t event = 0; event < record.spans.size(); ++event)
                    (void)reader.read(record.event(event));
    });
    steps.step("store", [&] {
        std::string pattern = (std::filesystem::temp_directory_path() / "bench-ingest-XXXXXX").string();
        const std::string directory = ::mkdtemp(pattern.data());
        store(input, directory);
        std::uintmax_t bytes = 0;
        for (const auto& file : std::filesystem::directory_iterator(directory))
            bytes += file.file_size();
        std::printf("%.3f of the JSON on disk\n", static_cast<double>(bytes) / 1e6 / input.megabytes);
        std::filesystem::remove_all(directory);
    });
}
