#include "batch/json/read.hpp"
#include "batch/json/write.hpp"
#include "batch/python.hpp"
#include "batch/render.hpp"

namespace nomadic::batch {

namespace {

using json::Value;

class ObjectWriter {
public:
    std::string& member(std::string_view name)
    {
        out_ += out_.empty() ? '{' : ',';
        json::write_string(name, out_);
        out_ += ':';
        return out_;
    }
    void text(std::string_view name, std::string_view value) { json::write_string(value, member(name)); }
    void value(std::string_view name, const Value& value) { json::write(value, member(name)); }
    std::string finish() { return std::move(out_) + "}"; }

private:
    std::string out_;
};

// Top level first, then config.
Value either(const Value& document, std::string_view name)
{
    const auto own = document.get(name);
    return own.is_null() ? document.get("config").get(name) : own;
}

void add_ask_members(const Value& config, ObjectWriter& out)
{
    const auto member = [&](std::string_view name, const Value& otherwise) {
        const auto* value = config.find(name);
        out.value(name, value == nullptr ? otherwise : *value);
    };
    member("prompt", Value::string("", true));
    member("category", Value::string("", true));
    member("is_thumbnail", Value::boolean(false));
    member("use_enhanced_motion_analysis", Value::boolean(false));
}

} // namespace

std::string render_metadata(const StatusDocument& status, std::string_view dashboard_url)
{
    if (!status.metadata_source.empty())
        return status.metadata_source;
    json::Arena arena;
    const auto read = json::read(status.source, arena);
    const Value document = read ? *read : Value{};
    const auto config = document.get("config");
    while (dashboard_url.ends_with('/'))
        dashboard_url.remove_suffix(1);

    ObjectWriter out;
    out.text("batch_id", status.batch_id);
    out.text("batch_viewer_url", std::string(dashboard_url) + "/use-cases/rapid-review/batch-view/" + status.batch_id);
    out.text("batch_type", to_string(status.type));
    const auto* kind = config.find("analysis_kind");
    out.value("analysis_type", kind == nullptr ? Value::string("rapid_review", true) : *kind);
    if (const auto created = document.get("created_at"); python::truth(created))
        out.value("created_at", created);
    if (const auto schema = config.get("output_schema"); python::truth(schema))
        out.value("output_schema", schema);
    if (status.type == BatchType::ask)
        add_ask_members(config, out);
    out.value("review_status", either(document, "review_status"));
    const auto updated = either(document, "review_status_updated_at");
    out.value("review_status_updated_at", updated.is_null() ? Value::string("N/A", true) : updated);
    const auto metadata = either(document, "metadata");
    out.value("metadata", metadata.is_null() ? Value::object({}) : metadata);
    return out.finish();
}

} // namespace nomadic::batch
