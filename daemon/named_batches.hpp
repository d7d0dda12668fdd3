#pragma once

// Commands that ask a running daemon about the batches they are given, one after the other. Blocks.

#include "daemon/client.hpp"
#include "daemon/command.hpp"

namespace nomadic::daemon {

struct NamedBatches {
    ConfigOptions config;
    std::string server;
    std::vector<std::string> batches;

    enum class Required { no, yes };
    void add_to(CLI::App& app, Required required = Required::yes);
};

// `path` is the batch's own, to ask about it or about what is below it.
using Ask = std::function<Result<Reply>(const Client&, const std::string& path)>;
// Called with each success; returns the exit status that it makes.
using Tell = std::function<int(const std::string& batch_id, const Reply&)>;

// The exit status is that of the last batch that failed; the others are done all the same.
int for_each_batch(const NamedBatches& named, const Ask& ask, const Tell& tell);

} // namespace nomadic::daemon
