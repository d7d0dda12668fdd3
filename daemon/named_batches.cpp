#include "daemon/named_batches.hpp"

#include "proxy/http/url.hpp"

namespace nomadic::daemon {

void NamedBatches::add_to(CLI::App& app, Required required)
{
    config.add_to(app);
    app.add_option("batches", batches, "Batch ids")->required(required == Required::yes);
    app.add_option("--server", server, "The daemon: http://host:port or unix:PATH");
}

int for_each_batch(const NamedBatches& named, const Ask& ask, const Tell& tell)
{
    auto loaded = named.config.load();
    if (!loaded)
        return fail(loaded.error());
    const Client client(named.server, loaded->settings.server);
    int status = exit_done;
    for (const auto& batch : named.batches) {
        auto reply = ask(client, "/v1/batches/" + proxy::percent_encode(batch));
        if (!reply)
            return fail(reply.error());
        const int outcome = reply->status == 200 ? tell(batch, *reply) : report(*reply);
        if (outcome != exit_done)
            status = outcome;
    }
    return status;
}

} // namespace nomadic::daemon
