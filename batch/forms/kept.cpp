#include "batch/forms/form.hpp"

namespace nomadic::batch {

bool is_normal_form(const json::Value& event)
{
    return event.find("t_start") != nullptr && event.find("t_end") != nullptr;
}

bool is_legacy_agent_form(const json::Value& event)
{
    return event.find("label") != nullptr && event.find("start_time") != nullptr && event.find("end_time") != nullptr;
}

void keep_form(const json::Value& event, const FormContext&, const Emitter& emit)
{
    EventFields fields;
    fields.members().assign(event.members().begin(), event.members().end());
    emit(fields);
}

} // namespace nomadic::batch
