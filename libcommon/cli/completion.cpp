// Completion scripts: those of scripts/completion, filled with tables made from the tree (which
// words follow where). CIDs come from `codex-chunk ls`, which every tool can ask.
#include "cli/detail/completion_scripts.hpp"
#include "cli/detail/describe.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace codex::cli::detail {

namespace {

struct Entry {
    std::string path; ///< words after the tool's name: "", "put", "block get"
    const Command::Node* node;
};

using Values = std::map<std::string_view, std::string>;

/// "NAME" of a line that is the comment "# @NAME@" and nothing else.
std::string_view name_alone(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (!line.starts_with("# @") || !line.ends_with("@\n"))
        return {};
    return line.substr(3, line.size() - 5);
}

/// `script` with values in the place of their names, which stand between two @; a comment that is a
/// name alone makes room for lines.
std::string filled(std::string_view script, const Values& values) {
    std::string out;
    while (!script.empty()) {
        const std::string_view line =
            script.substr(0, std::min(script.find('\n'), script.size() - 1) + 1);
        script.remove_prefix(line.size());
        const auto whole = values.find(name_alone(line));
        if (whole != values.end()) {
            out += whole->second;
            continue;
        }
        for (std::size_t at = 0; at < line.size();) {
            const std::size_t end = line[at] == '@' ? line.find('@', at + 1) : line.npos;
            const auto value =
                end == line.npos ? values.end() : values.find(line.substr(at + 1, end - at - 1));
            if (value == values.end()) {
                out += line[at++];
            } else {
                out += value->second;
                at = end + 1;
            }
        }
    }
    return out;
}

void collect(const Command::Node& node, const std::string& path, std::vector<Entry>& entries) {
    entries.push_back({path, &node});
    for (const auto& child : node.children)
        collect(*child, path.empty() ? child->name : path + " " + child->name, entries);
}

/// The options that a user can give to a command, its own first.
std::vector<OptionSpec> options_of(const Command::Node& node) {
    std::vector<OptionSpec> specs = node.options;
    Globals globals;
    for (OptionSpec& spec : global_options(globals))
        if (applies(spec, node))
            specs.push_back(std::move(spec));
    specs.push_back(option_spec("-h,--help", "", "show help"));
    specs.push_back(option_spec("--version", "", "show version"));
    return specs;
}

/// What completes a value: words, or one of the kinds "cids", "files", "none".
std::string kind_of(std::string_view value_name) {
    if (value_name.starts_with("CID"))
        return "cids";
    if (value_name.starts_with("FILE") || value_name.starts_with("DIR"))
        return "files";
    return "none";
}

std::string words_of(const OptionSpec& spec) {
    return spec.choices.empty() ? "@" + kind_of(spec.value)
                                : fmt::format("{}", fmt::join(spec.choices, " "));
}

std::string child_names(const Command::Node& node) {
    std::vector<std::string> names;
    for (const auto& child : node.children)
        names.push_back(child->name);
    return fmt::format("{}", fmt::join(names, " "));
}

std::string argument_words(const Command::Node& node, const Command::Node& root) {
    if (!node.children.empty())
        return child_names(node);
    if (node.arguments.empty())
        return "@none";
    const std::string& name = node.arguments.front().name;
    if (name == "COMMAND")
        return child_names(root);
    return name == "SHELL" ? "bash zsh fish" : "@" + kind_of(name);
}

std::string function_name(const std::string& tool) {
    std::string name = "_" + tool;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

/// What bash and zsh share: words count from 0 in both.
std::string words(const std::vector<Entry>& entries) {
    std::string options;
    std::string arguments;
    std::set<std::string> with_value;
    std::set<std::string> values;
    for (const auto& [path, node] : entries) {
        std::string names;
        for (const OptionSpec& spec : options_of(*node)) {
            names += fmt::format("{}{}", names.empty() ? "" : " ", fmt::join(spec.names, " "));
            if (spec.is_flag())
                continue;
            std::string patterns;
            for (const std::string& name : spec.names) {
                with_value.insert(name);
                patterns += fmt::format("{}'{}:{}'", patterns.empty() ? "" : "|", path, name);
            }
            values.insert(fmt::format("        {}) found='{}' ;;\n", patterns, words_of(spec)));
        }
        options += fmt::format("        '{}') found='{}' ;;\n", path, names);
        arguments += fmt::format("        '{}') found='{}' ;;\n", path,
                                 argument_words(*node, *entries.front().node));
    }
    std::string commands;
    for (const auto& [path, node] : entries)
        if (!path.empty())
            commands += fmt::format("{}'{}'", commands.empty() ? "" : "|", path);
    return filled(kCompletionWords, {{"WITH_VALUE", fmt::format("{}", fmt::join(with_value, "|"))},
                                     {"COMMANDS", commands},
                                     {"VALUES", fmt::format("{}", fmt::join(values, ""))},
                                     {"OPTIONS", options},
                                     {"ARGUMENTS", arguments}});
}

std::string fish_quote(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + "'";
}

/// "-s o -l output" of one option.
std::string fish_names(const OptionSpec& spec) {
    std::string out;
    for (const std::string& name : spec.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    return out;
}

std::string fish_source(const std::string& kind, const std::string& tool) {
    if (kind == "@cids")
        return fmt::format(" -f -a '({}_cids)'", "_" + function_name(tool));
    if (kind == "@files")
        return " -F";
    return kind == "@none" ? " -f" : " -f -a " + fish_quote(kind);
}

std::string fish_text(const std::string& tool, const std::vector<Entry>& entries) {
    const std::string name = "_" + function_name(tool);
    std::string commands;
    for (const auto& [path, node] : entries)
        if (!path.empty())
            commands += (commands.empty() ? "" : " ") + fish_quote(path);
    std::string out =
        filled(kCompletionFish, {{"TOOL", tool}, {"FUNCTION", name}, {"COMMANDS", commands}});
    for (const auto& [path, node] : entries) {
        const std::string at = fmt::format("complete -c {} -n '{}_at \"{}\"'", tool, name, path);
        for (const auto& child : node->children)
            out += fmt::format("{} -f -a {} -d {}\n", at, child->name, fish_quote(child->summary));
        if (node->children.empty())
            out += at + fish_source(argument_words(*node, *entries.front().node), tool) + "\n";
        for (const OptionSpec& spec : options_of(*node))
            out += fmt::format("{}{}{} -d {}\n", at, fish_names(spec),
                               spec.is_flag() ? "" : " -r" + fish_source(words_of(spec), tool),
                               fish_quote(spec.help));
    }
    return out;
}

} // namespace

std::string completion_text(const Command::Node& root, const std::string& shell) {
    std::vector<Entry> entries;
    collect(root, "", entries);
    if (shell == "fish")
        return fish_text(root.name, entries);
    return filled(
        shell == "zsh" ? kCompletionZsh : kCompletionBash,
        {{"TOOL", root.name}, {"FUNCTION", function_name(root.name)}, {"WORDS", words(entries)}});
}

} // namespace codex::cli::detail
