// Completion scripts: those of scripts/completion, filled with tables made from the tree (which
// words follow where). CIDs come from `codex-chunk ls`, addresses of nodes from `codex-serve
// peers`, and slots and requests from `codex-market list`, which every tool can ask.
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
    /// What help is asked about, where the path is that of `help` and one or more commands.
    const Command::Node* asked = nullptr;
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

/// `help put`, `help block`, `help block get`: each has the options of help, and the commands below
/// it as arguments.
void collect_help(const Command::Node& help, const Command::Node& asked, const std::string& path,
                  std::vector<Entry>& entries) {
    for (const auto& child : asked.children) {
        const std::string longer = path + " " + child->name;
        entries.push_back({longer, &help, child.get()});
        collect_help(help, *child, longer, entries);
    }
}

std::vector<Entry> entries_of(const Command::Node& root) {
    std::vector<Entry> entries;
    collect(root, "", entries);
    for (const auto& child : root.children)
        if (!child->arguments.empty() && child->arguments.front().name == "COMMAND")
            collect_help(*child, root, child->name, entries);
    return entries;
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

/// What completes a value: words, or one of the kinds "cids", "peers", "slots", "requests",
/// "files", "records" (of nodes, or @ and a file of such), "none".
std::string kind_of(std::string_view value_name) {
    if (value_name.starts_with("CID"))
        return "cids";
    if (value_name.starts_with("ADDRESS"))
        return "peers";
    if (value_name.starts_with("SPR"))
        return "records";
    if (value_name == "SLOT")
        return "slots";
    if (value_name == "REQUEST")
        return "requests";
    if (value_name.starts_with("FILE") || value_name.starts_with("DIR") || value_name == "SOURCE")
        return "files";
    return "none";
}

std::string words_of(const OptionSpec& spec) {
    const auto& values = spec.choices.empty() ? spec.offered : spec.choices;
    return values.empty() ? "@" + kind_of(spec.value) : fmt::format("{}", fmt::join(values, " "));
}

std::string child_names(const Command::Node& node) {
    std::vector<std::string> names;
    for (const auto& child : node.children)
        names.push_back(child->name);
    return fmt::format("{}", fmt::join(names, " "));
}

/// What stands in one place behind the command's name.
std::string words_of(const ArgumentSpec& argument, const Command::Node& root) {
    if (argument.name == "COMMAND")
        return child_names(root);
    return argument.name == "SHELL" ? "bash zsh fish" : "@" + kind_of(argument.name);
}

/// The words of each place behind the command's name; the last one's, where more may follow, are
/// those of all others. Never empty.
std::vector<std::string> argument_words(const Entry& entry, const Command::Node& root) {
    const Command::Node& node = *entry.node;
    if (entry.asked != nullptr)
        return {entry.asked->children.empty() ? "@none" : child_names(*entry.asked)};
    if (!node.children.empty())
        return {child_names(node)};
    std::vector<std::string> places;
    for (const ArgumentSpec& argument : node.arguments)
        places.push_back(words_of(argument, root));
    if (node.arguments.empty() || !node.arguments.back().many)
        places.emplace_back("@none");
    return places;
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
    for (const Entry& entry : entries) {
        const std::string& path = entry.path;
        std::string names;
        for (const OptionSpec& spec : options_of(*entry.node)) {
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
        const std::vector<std::string> places = argument_words(entry, *entries.front().node);
        for (std::size_t i = 0; i < places.size(); ++i)
            arguments += fmt::format("        '{}:'{}) found='{}' ;;\n", path,
                                     i + 1 < places.size() ? std::to_string(i) : "*", places[i]);
    }
    std::string commands;
    for (const Entry& entry : entries)
        if (!entry.path.empty())
            commands += fmt::format("{}'{}'", commands.empty() ? "" : "|", entry.path);
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
    if (kind == "@cids" || kind == "@peers" || kind == "@slots" || kind == "@requests" ||
        kind == "@records")
        return fmt::format(" -f -a '({}_{})'", "_" + function_name(tool), kind.substr(1));
    if (kind == "@files")
        return " -F";
    return kind == "@none" ? " -f" : " -f -a " + fish_quote(kind);
}

/// A line for each place behind a command's name.
std::string fish_arguments(const std::string& at, const std::string& function,
                           const std::vector<std::string>& places, const std::string& tool) {
    if (places.size() == 1)
        return at + fish_source(places.front(), tool) + "\n";
    std::string out;
    for (std::size_t i = 0; i < places.size(); ++i)
        out += fmt::format("{}; and {}_place {} {}'{}\n", at.substr(0, at.size() - 1), function, i,
                           i + 1 < places.size() ? "-eq" : "-ge", fish_source(places[i], tool));
    return out;
}

std::string fish_text(const std::string& tool, const std::vector<Entry>& entries) {
    const std::string name = "_" + function_name(tool);
    std::string commands;
    std::set<std::string> with_value;
    for (const Entry& entry : entries) {
        if (!entry.path.empty())
            commands += (commands.empty() ? "" : " ") + fish_quote(entry.path);
        for (const OptionSpec& spec : options_of(*entry.node))
            if (!spec.is_flag())
                with_value.insert(spec.names.begin(), spec.names.end());
    }
    std::string out =
        filled(kCompletionFish, {{"TOOL", tool},
                                 {"FUNCTION", name},
                                 {"COMMANDS", commands},
                                 {"WITH_VALUE", fmt::format("{}", fmt::join(with_value, " "))}});
    for (const Entry& entry : entries) {
        const auto& [path, node, asked] = entry;
        const std::string at = fmt::format("complete -c {} -n '{}_at \"{}\"'", tool, name, path);
        for (const auto& child : node->children)
            out += fmt::format("{} -f -a {} -d {}\n", at, child->name, fish_quote(child->summary));
        if (node->children.empty())
            out += fish_arguments(at, name, argument_words(entry, *entries.front().node), tool);
        if (asked != nullptr)
            continue;
        for (const OptionSpec& spec : options_of(*node))
            out += fmt::format("{}{}{} -d {}\n", at, fish_names(spec),
                               spec.is_flag() ? "" : " -r" + fish_source(words_of(spec), tool),
                               fish_quote(spec.help));
    }
    return out;
}

} // namespace

std::string completion_text(const Command::Node& root, const std::string& shell) {
    const std::vector<Entry> entries = entries_of(root);
    if (shell == "fish")
        return fish_text(root.name, entries);
    return filled(
        shell == "zsh" ? kCompletionZsh : kCompletionBash,
        {{"TOOL", root.name}, {"FUNCTION", function_name(root.name)}, {"WORDS", words(entries)}});
}

} // namespace codex::cli::detail
