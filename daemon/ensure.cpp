#include "daemon/named_batches.hpp"

#include <boost/json.hpp>

#include <iostream>

namespace nomadic::daemon {

namespace {

namespace json = boost::json;

struct EnsureOptions {
    NamedBatches named;
    bool with_thumbnails = false, json = false;
};

// What of a batch's pictures an offline replay will have and lack.
std::string describe_pictures(const json::object& pictures)
{
    const auto count = [&](const char* name) { return pictures.at(name).to_number<std::uint64_t>(); };
    if (count("urls") == 0)
        return "no pictures";
    const auto lacking = count("urls") - count("stored");
    std::string text = std::to_string(count("stored")) + " of " + std::to_string(count("urls")) + " pictures";
    if (lacking == 0)
        return text;
    text += ", " + std::to_string(lacking) + " only by URL";
    if (count("expired") > 0)
        text += " (" + std::to_string(count("expired")) + " signed URLs have expired)";
    else if (pictures.at("first_expiry").is_string())
        text += " (signed URLs expire from " + std::string(pictures.at("first_expiry").as_string()) + ")";
    return text;
}

// True when the replay will have all that was asked for.
bool describe(const std::string& batch_id, const json::object& batch, const EnsureOptions& options)
{
    const auto& pictures = batch.at("thumbnails").as_object();
    const bool all_pictures =
        pictures.at("urls").to_number<std::uint64_t>() == pictures.at("stored").to_number<std::uint64_t>();
    std::cout << batch_id << ": " << batch.at("videos") << " videos, " << batch.at("events") << " events as of "
              << std::string_view(batch.at("validated_at").as_string()) << ", " << describe_pictures(pictures) << "\n";
    if (!all_pictures && options.with_thumbnails)
        std::cout << batch_id << ": pictures are missing; get them with 'nomadic-cached prefetch --with-thumbnails "
                  << batch_id << "'\n";
    return all_pictures || !options.with_thumbnails;
}

// What is missing would be an offline miss.
int ensure(const EnsureOptions& options)
{
    bool complete = true;
    const auto ask = [&](const Client& client, const std::string& path) {
        auto reply = client.request("GET", path);
        complete = complete && !(reply && reply->status == 404);
        return reply;
    };
    const auto tell = [&](const std::string& batch_id, const Reply& reply) -> int {
        if (options.json)
            std::cout << reply.body << "\n";
        else
            complete = describe(batch_id, json::parse(reply.body).as_object(), options) && complete;
        return exit_done;
    };
    const int status = for_each_batch(options.named, ask, tell);
    return complete ? status : static_cast<int>(exit_offline_miss);
}

} // namespace

Run setup_ensure(CLI::App& app)
{
    auto options = std::make_shared<EnsureOptions>();
    options->named.add_to(app);
    app.add_flag("--with-thumbnails", options->with_thumbnails, "Fail also when pictures are missing");
    app.add_flag("--json", options->json, "As JSON, a batch a line");
    return [options] { return ensure(*options); };
}

} // namespace nomadic::daemon
