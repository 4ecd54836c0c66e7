#include "cli/detail/describe.hpp"

#include "base/json_writer.hpp"

namespace codex::cli::detail {

namespace {

void write_options(JsonWriter& json, const std::vector<OptionSpec>& specs) {
    json.begin_array();
    for (const OptionSpec& spec : specs) {
        json.begin_object().key("names").list(spec.names).member("help", spec.help);
        if (!spec.is_flag())
            json.member("value", spec.value);
        if (!spec.choices.empty())
            json.key("choices").list(spec.choices);
        json.end_object();
    }
    json.end_array();
}

void write_command(JsonWriter& json, CommandPath path) {
    const Command::Node& node = *path.back();
    json.begin_object().member("name", full_name(path)).member("summary", node.summary);
    json.member("runs", static_cast<bool>(node.body)).member("output", node.takes_output);
    json.member("dryRun", node.takes_dry_run).member("unordered", node.takes_unordered);
    json.member("batch", node.takes_batch).key("arguments").begin_array();
    for (const ArgumentSpec& spec : node.arguments) {
        json.begin_object().member("name", spec.name).member("help", spec.help);
        json.member("required", spec.required).member("many", spec.many).end_object();
    }
    write_options(json.end_array().key("options"), node.options);
    json.key("examples").list(node.examples).end_object();
    for (const auto& child : node.children) {
        path.push_back(child.get());
        write_command(json, path);
        path.pop_back();
    }
}

} // namespace

std::string dump_text(const Command::Node& root) {
    Globals globals;
    JsonWriter json(2);
    json.begin_object().member("tool", root.name);
    write_options(json.key("globalOptions"), global_options(globals));
    write_command(json.key("commands").begin_array(), {&root});
    return std::move(json.end_array().end_object()).text() + "\n";
}

} // namespace codex::cli::detail
