// Completion scripts. Each shell gets tables made from the tree (which words follow where) and a
// short fixed function that reads them. CIDs come from `codex-chunk ls`, which every tool can ask.
#include "cli/detail/describe.hpp"

#include <algorithm>
#include <set>

namespace codex::cli::detail {

namespace {

struct Entry {
    std::string path; ///< words after the tool's name: "", "put", "block get"
    const Command::Node* node;
};

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

/// The `case` tables that bash and zsh share: $path is the command, $prev the option before.
std::string tables(const std::vector<Entry>& entries) {
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
    return fmt::format("    for ((i = 1; i < at; i++)); do\n"
                       "        word=${{line[i]}}\n"
                       "        case \"$word\" in\n"
                       "            -r|--repo) repo=${{line[i+1]}}; ((i++)); continue ;;\n"
                       "            --repo=*) repo=${{word#--repo=}}; continue ;;\n"
                       "            -r?*) repo=${{word#-r}}; continue ;;\n"
                       "            {}) ((i++)); continue ;;\n"
                       "        esac\n"
                       "        case \"${{where:+$where }}$word\" in\n"
                       "            {}) where=\"${{where:+$where }}$word\" ;;\n"
                       "        esac\n"
                       "    done\n"
                       "    case \"$where:$prev\" in\n{}        *) found='' ;;\n    esac\n"
                       "    if [[ -z $found && $cur == -* ]]; then\n"
                       "        case \"$where\" in\n{}        esac\n"
                       "    elif [[ -z $found ]]; then\n"
                       "        case \"$where\" in\n{}        esac\n"
                       "    fi\n"
                       "    if [[ $found == @cids ]]; then\n"
                       "        [[ -z $repo ]] || in=(-r \"$repo\")\n"
                       "        found=$(codex-chunk ls -q \"${{in[@]}}\" 2>/dev/null | cut -f1)\n"
                       "    fi\n",
                       fmt::join(with_value, "|"), commands, fmt::join(values, ""), options,
                       arguments);
}

std::string bash_text(const std::string& tool, const std::vector<Entry>& entries) {
    const std::string name = function_name(tool);
    return fmt::format(
        "# bash completion for {0}, made by '{0} completion bash'\n"
        "{1}() {{\n"
        "    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}}\n"
        "    local -a line=(\"${{COMP_WORDS[@]}}\") in=()\n"
        "    local at=$COMP_CWORD where='' repo='' found='' word i\n"
        "{2}"
        "    COMPREPLY=()\n"
        "    case \"$found\" in\n"
        "        @files) compopt -o default 2>/dev/null ;;\n"
        "        @none) ;;\n"
        "        *) mapfile -t COMPREPLY < <(compgen -W \"$found\" -- \"$cur\") ;;\n"
        "    esac\n"
        "}}\n"
        "complete -F {1} {0}\n",
        tool, name, tables(entries));
}

std::string zsh_text(const std::string& tool, const std::vector<Entry>& entries) {
    const std::string name = function_name(tool);
    // KSH_ARRAYS: words count from 0, as in bash, so that the tables are the same.
    return fmt::format("#compdef {0}\n"
                       "# zsh completion for {0}, made by '{0} completion zsh'\n"
                       "{1}() {{\n"
                       "    local -a line=(\"${{words[@]}}\") in=()\n"
                       "    local at=$((CURRENT - 1)) i word where='' repo='' found=''\n"
                       "    setopt localoptions ksharrays\n"
                       "    local cur=${{line[at]}} prev=${{line[at-1]}}\n"
                       "    local found=''\n"
                       "{2}"
                       "    unsetopt ksharrays\n"
                       "    case \"$found\" in\n"
                       "        @files) _files ;;\n"
                       "        @none) ;;\n"
                       "        *) compadd -- ${{=found}} ;;\n"
                       "    esac\n"
                       "}}\n"
                       "# Run by the completion system from a file, or sourced by a user.\n"
                       "if [[ ${{funcstack[1]}} == _{0} ]]; then {1}; else compdef {1} {0}; fi\n",
                       tool, name, tables(entries));
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
    std::string out =
        fmt::format("# fish completion for {0}, made by '{0} completion fish'\n"
                    "function {1}_cids\n"
                    "    set -l in\n"
                    "    set -l words (commandline -opc)\n"
                    "    for i in (seq 2 (count $words))\n"
                    "        switch $words[$i]\n"
                    "            case -r --repo\n"
                    "                set in -r $words[(math $i + 1)]\n"
                    "            case '--repo=*'\n"
                    "                set in -r (string replace -- --repo= '' $words[$i])\n"
                    "            case '-r?*'\n"
                    "                set in -r (string sub -s 3 -- $words[$i])\n"
                    "        end\n"
                    "    end\n"
                    "    codex-chunk ls -q $in 2>/dev/null | cut -f1\n"
                    "end\n"
                    "function {1}_at\n"
                    "    set -l path ''\n"
                    "    for word in (commandline -opc)[2..-1]\n"
                    "        set -l longer (string trim -- \"$path $word\")\n"
                    "        if contains -- \"$longer\" {2}\n"
                    "            set path \"$longer\"\n"
                    "        end\n"
                    "    end\n"
                    "    test \"$path\" = \"$argv[1]\"\n"
                    "end\n"
                    "complete -c {0} -f\n",
                    tool, name, [&] {
                        std::string list;
                        for (const auto& [path, node] : entries)
                            if (!path.empty())
                                list += (list.empty() ? "" : " ") + fish_quote(path);
                        return list;
                    }());
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
    if (shell == "bash")
        return bash_text(root.name, entries);
    return shell == "zsh" ? zsh_text(root.name, entries) : fish_text(root.name, entries);
}

} // namespace codex::cli::detail
