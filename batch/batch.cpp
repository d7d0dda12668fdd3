#include "batch/batch.hpp"

#include <array>

namespace nomadic::batch {

namespace {

constexpr std::array<std::string_view, approval_count> names{"approved", "rejected", "pending", "invalid", "other"};

} // namespace

std::string_view to_string(Approval approval)
{
    return names[static_cast<std::size_t>(approval)];
}

std::optional<Approval> approval_from(std::string_view text)
{
    for (const auto approval : {Approval::approved, Approval::rejected, Approval::pending, Approval::invalid})
        if (to_string(approval) == text)
            return approval;
    return std::nullopt;
}

std::string_view to_string(BatchType type)
{
    switch (type) {
    case BatchType::ask:
        return "ask";
    case BatchType::agent:
        return "agent";
    case BatchType::unknown:
        break;
    }
    return "unknown";
}

} // namespace nomadic::batch
