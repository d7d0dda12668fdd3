#pragma once

// An upstream that speaks both dialects, verifies keys, takes metadata writes, and fails on demand. Beside the API it
// has, for tests and for the curious: GET /sandbox/requests (what it was asked, counted), DELETE /sandbox/requests,
// POST /sandbox/faults, POST /sandbox/batches/{id}/review. Loop thread.

#include "proxy/http/router.hpp"
#include "sandbox/faults.hpp"
#include "sandbox/generate.hpp"
#include "sandbox/workspace.hpp"

#include <unordered_map>

namespace nomadic::sandbox {

struct Scenario {
    std::uint32_t batches = 3; // listed at start; every well-formed id works
    std::uint32_t videos = 120;
    std::uint32_t events = 900;
    std::uint64_t seed = 1;
    std::string thumbnail_base = "https://storage.example"; // of the pictures that events point to
    Faults faults;

    std::vector<std::string> batch_ids() const;
};

class FakeUpstream {
public:
    explicit FakeUpstream(Scenario scenario);
    proxy::awaitable<proxy::Response> handle(proxy::Request& request);

private:
    using Response = proxy::Response;
    using Outcome = proxy::awaitable<Response>;

    void add_api();
    void add_controls();
    Outcome status(proxy::Request& request, const Plan& plan);
    Outcome bulk(proxy::Request& request, const Plan& plan);
    Outcome filter_batch(proxy::Request& request, const Plan& plan);
    Outcome metadata(proxy::Request& request, const Plan& plan);
    Outcome verify(proxy::Request& request);
    Outcome review(proxy::Request& request, std::string batch_id);

    std::string bulk_document(const Plan& plan, const std::vector<std::string>& video_ids, bool with_source_uri);
    std::string batch_status(const Plan& plan);
    Response with_faults(Response response);

    Scenario scenario_;
    Generator generator_;
    Workspace workspace_;
    proxy::Router router_;
    std::unordered_map<std::string, Review> reviews_;
    std::unordered_map<std::string, std::uint32_t> polls_;
    std::map<std::string, std::uint64_t> counts_; // by what was asked
    std::uint32_t faulty_requests_ = 0;
};

} // namespace nomadic::sandbox
