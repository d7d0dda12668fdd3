#include "batch/forms/form.hpp"

#include <array>

namespace nomadic::batch {

namespace {

constexpr std::array forms{
    EventForm{is_stored_form, convert_stored_form},
    EventForm{is_normal_form, keep_form},
    EventForm{is_legacy_agent_form, keep_form},
    EventForm{is_any_form, convert_described_form},
};

} // namespace

void convert_event(const json::Value& event, const FormContext& context, const Emitter& emit)
{
    for (const auto& form : forms)
        if (form.recognises(event))
            return form.convert(event, context, emit);
}

json::Value* EventFields::find(std::string_view name)
{
    for (auto& member : members_)
        if (member.name.text() == name)
            return &member.value;
    return nullptr;
}

void EventFields::set(std::string_view name, json::Value value)
{
    if (auto* place = find(name))
        *place = value;
    else
        add(name, value);
}

void EventFields::add(std::string_view name, json::Value value)
{
    members_.push_back({json::Value::string(name, true), value});
}

void EventFields::remove(std::string_view name)
{
    std::erase_if(members_, [name](const json::Member& member) { return member.name.text() == name; });
}

} // namespace nomadic::batch
