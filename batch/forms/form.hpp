#pragma once

// The forms in which events were stored over the years, and how each becomes what the clients return. One file a form,
// one row each in form.cpp; the first that recognises an event takes it.

#include "batch/json/value.hpp"

#include <vector>

namespace nomadic::batch {

// Which client's rules: 0.1.53 knows no action segmentation.
enum class ClientRules { sdk_0_1_64, sdk_0_1_53 };

struct FormContext {
    bool action_segmentation = false;
    json::Arena& arena;
};

// An event on its way: a Python dict, whose order of keys is kept.
class EventFields {
public:
    void clear() { members_.clear(); }
    json::Value* find(std::string_view name);
    bool has(std::string_view name) { return find(name) != nullptr; }
    void set(std::string_view name, json::Value value); // keeps the place of a name that is there already
    void add(std::string_view name, json::Value value); // a name that is not there
    void remove(std::string_view name);
    template <class Predicate>
    void remove_if(Predicate predicate)
    {
        std::erase_if(members_, predicate);
    }
    std::vector<json::Member>& members() { return members_; }

private:
    std::vector<json::Member> members_;
};

using EmitEvent = void (*)(void* receiver, EventFields& event);

struct Emitter {
    void* receiver;
    EmitEvent emit;
    void operator()(EventFields& event) const { emit(receiver, event); }
};

struct EventForm {
    bool (*recognises)(const json::Value& event);
    void (*convert)(const json::Value& event, const FormContext& context, const Emitter& emit);
};

// The stored (UI) form: `type` and `time`.
bool is_stored_form(const json::Value& event);
void convert_stored_form(const json::Value& event, const FormContext& context, const Emitter& emit);
// Already normal (`t_start`, `t_end`), or the legacy agent form (`label`, `start_time`, `end_time`): kept as it is.
bool is_normal_form(const json::Value& event);
bool is_legacy_agent_form(const json::Value& event);
void keep_form(const json::Value& event, const FormContext& context, const Emitter& emit);
// Anything else: a description with times in texts.
bool is_any_form(const json::Value& event);
void convert_described_form(const json::Value& event, const FormContext& context, const Emitter& emit);

void convert_event(const json::Value& event, const FormContext& context, const Emitter& emit);

// What the clients do to every event, of whatever form: approval and confidence by default, `*_start`/`*_end` pairs
// into `overlay`.
void finish_event(EventFields& event, json::Arena& arena);

} // namespace nomadic::batch
