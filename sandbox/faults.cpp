#include "sandbox/faults.hpp"

#include <boost/json/value_to.hpp>

namespace nomadic::sandbox {

namespace {

bool change_one(Faults& faults, std::string_view name, const boost::json::value& value)
{
    const auto number = [&]() { return value.to_number<std::uint32_t>(); };
    if (name == "latency_ms")
        faults.latency = std::chrono::milliseconds(number());
    else if (name == "rate_limit_every")
        faults.rate_limit_every = number();
    else if (name == "retry_after")
        faults.retry_after = number();
    else if (name == "error_every")
        faults.error_every = number();
    else if (name == "reset_every")
        faults.reset_every = number();
    else if (name == "truncate_every")
        faults.truncate_every = number();
    else if (name == "html_every")
        faults.html_every = number();
    else if (name == "failing_video")
        faults.failing_video = value.as_string();
    else if (name == "lists_videos")
        faults.lists_videos = value.as_string() == "never"        ? Lists::never
                              : value.as_string() == "on-request" ? Lists::on_request
                                                                  : Lists::always;
    else if (name == "refuse")
        faults.refuse = number();
    else if (name == "age")
        faults.age = number();
    else if (name == "accept_writes")
        faults.accept_writes = value.as_bool();
    else if (name == "validators")
        faults.validators = value.as_bool();
    else if (name == "speaks")
        faults.speaks = value.as_string() == "bulk"           ? Speaks::bulk
                        : value.as_string() == "filter_batch" ? Speaks::filter_batch
                                                              : Speaks::both;
    else
        return false;
    return true;
}

} // namespace

Result<void> change(Faults& faults, const boost::json::object& changes)
{
    for (const auto& [name, value] : changes) {
        bool known = false;
        try {
            known = change_one(faults, name, value);
        } catch (const std::exception&) {
            known = false;
        }
        if (!known)
            return Failure{.code = Errc::bad_request,
                           .detail = "There is no fault '" + std::string(name) + "', or its value has a wrong type.",
                           .members = {}};
    }
    return {};
}

} // namespace nomadic::sandbox
