#include "cli/detail/describe.hpp"

#include <nlohmann/json.hpp>

namespace codex::cli::detail {

namespace {

using Json = nlohmann::ordered_json;

Json options_json(const std::vector<OptionSpec>& specs) {
    Json list = Json::array();
    for (const OptionSpec& spec : specs) {
        Json entry = {{"names", spec.names}, {"help", spec.help}};
        if (!spec.is_flag())
            entry["value"] = spec.value;
        if (!spec.choices.empty())
            entry["choices"] = spec.choices;
        list.push_back(std::move(entry));
    }
    return list;
}

void append_command(Json& list, CommandPath path) {
    const Command::Node& node = *path.back();
    Json arguments = Json::array();
    for (const ArgumentSpec& spec : node.arguments)
        arguments.push_back({{"name", spec.name},
                             {"help", spec.help},
                             {"required", spec.required},
                             {"many", spec.many}});
    list.push_back({{"name", full_name(path)},
                    {"summary", node.summary},
                    {"runs", static_cast<bool>(node.body)},
                    {"output", node.takes_output},
                    {"dryRun", node.takes_dry_run},
                    {"unordered", node.takes_unordered},
                    {"batch", node.takes_batch},
                    {"arguments", std::move(arguments)},
                    {"options", options_json(node.options)},
                    {"examples", node.examples}});
    for (const auto& child : node.children) {
        path.push_back(child.get());
        append_command(list, path);
        path.pop_back();
    }
}

} // namespace

std::string dump_text(const Command::Node& root) {
    Globals globals;
    Json document = {{"tool", root.name}, {"globalOptions", options_json(global_options(globals))}};
    Json commands = Json::array();
    append_command(commands, {&root});
    document["commands"] = std::move(commands);
    return document.dump(2) + "\n";
}

} // namespace codex::cli::detail
