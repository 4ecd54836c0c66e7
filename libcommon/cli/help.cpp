#include "base/cpu.hpp"
#include "cli/context.hpp"
#include "cli/detail/describe.hpp"
#include "cli/detail/suggest.hpp"
#include "cli/tool.hpp"

#include <algorithm>

namespace codex::cli::detail {

namespace {

constexpr std::size_t kNameColumn = 26;
/// What a terminal is sure to have.
constexpr std::size_t kColumns = 80;

/// `text` in lines of at most kColumns, those after the first indented; `used` columns of the first
/// are taken.
std::string wrapped(std::string_view text, std::size_t used, std::size_t indent) {
    std::string out;
    while (text.size() + used > kColumns) {
        std::size_t cut = text.rfind(' ', kColumns - used);
        if (cut == std::string_view::npos)
            cut = text.find(' ');
        if (cut == std::string_view::npos)
            break;
        out += fmt::format("{}\n{:<{}}", text.substr(0, cut), "", indent);
        text.remove_prefix(cut + 1);
        used = indent;
    }
    return out += text;
}

std::string row(const std::string& name, std::string_view help) {
    const std::string first = name.size() < kNameColumn
                                  ? fmt::format("  {:<{}}", name, kNameColumn)
                                  : fmt::format("  {}\n  {:<{}}", name, "", kNameColumn);
    return first + wrapped(help, kNameColumn + 2, kNameColumn + 2) + "\n";
}

/// A command line in lines that a shell takes as one: broken after a pipe, else before a word.
std::string example_lines(std::string_view example) {
    constexpr std::string_view kPipe = " | ";
    std::string out = "  ";
    std::size_t used = 2;
    while (example.size() + used > kColumns) {
        const std::string_view fits = example.substr(0, kColumns - used);
        if (const std::size_t pipe = fits.rfind(kPipe); pipe != std::string_view::npos) {
            out += fmt::format("{} |\n      ", example.substr(0, pipe));
            example.remove_prefix(pipe + kPipe.size());
        } else if (const std::size_t blank = fits.substr(0, fits.size() - 1).rfind(' ');
                   blank != std::string_view::npos) {
            out += fmt::format("{} \\\n      ", example.substr(0, blank));
            example.remove_prefix(blank + 1);
        } else {
            break;
        }
        used = 6;
    }
    return fmt::format("{}{}\n", out, example);
}

std::string option_row(const OptionSpec& spec) {
    std::string name = fmt::format("{}", fmt::join(spec.names, ", "));
    if (spec.names.size() == 1 && spec.names.front().starts_with("--"))
        name = "    " + name;
    return row(spec.is_flag() ? name : name + " " + spec.value, spec.help);
}

std::string usage_line(const CommandPath& path) {
    const Command::Node& node = *path.back();
    std::string line = "usage: " + full_name(path);
    if (!node.body)
        return line + " COMMAND [OPTIONS] ...";
    line += " [OPTIONS]";
    for (const ArgumentSpec& spec : node.arguments) {
        const std::string name = spec.name + (spec.many ? "..." : "");
        line += " " + (spec.required ? name : "[" + name + "]");
    }
    return line;
}

void append_globals(std::string& out, const Command::Node& node) {
    Globals globals;
    for (const OptionSpec& spec : global_options(globals)) {
        const std::string name = spec.long_name();
        // The rare ones are one line together, so that help fits a screen.
        const bool own = name == "output" || name == "dry-run" || name == "unordered" ||
                         name == "batch" || name == "buffer";
        if (name == "repo" || name == "json" || (own && applies(spec, node)))
            out += option_row(spec);
    }
    out += "  and -q -v -j N --progress --color --log-level --log-format --no-sync\n"
           "  --fail-fast --lock-timeout --config-file, as in every tool: codex-pipes(7)\n";
}

/// The command that `words` name, below the root. Errors: usage.
Result<CommandPath> named(const Command::Node& root, const std::vector<std::string>& words) {
    Globals globals;
    CommandPath path = {&root};
    for (const std::string& word : words) {
        const auto& children = path.back()->children;
        const auto child = std::find_if(children.begin(), children.end(),
                                        [&](const auto& c) { return c->name == word; });
        if (child == children.end()) {
            Error error = unknown_word(word, path, global_options(globals), words);
            const bool silent = !error.has_way_out();
            return fail(silent ? std::move(error).hint("list them: " + full_name(path) + " --help")
                               : std::move(error));
        }
        path.push_back(child->get());
    }
    return path;
}

} // namespace

void declare_help(Command& root, std::weak_ptr<Command::Node> tree) {
    const auto words = std::make_shared<std::vector<std::string>>();
    const std::string tool = tree.lock()->name;
    const auto& others = tree.lock()->children;
    const std::string first = others.empty() ? "help" : others.front()->name;
    root.command("help", "show what the tool, or one of its commands, does")
        .arguments("COMMAND", *words, "which; default: all of them")
        .takes_output()
        .only_needs({})
        .example(tool + " help")
        .example(fmt::format("{} help {}", tool, first))
        .run([words, tree](Context& context) -> Result<int> {
            CODEX_TRY(path, named(*tree.lock(), *words));
            CODEX_CHECK(print_help(context, path));
            return 0;
        });
}

Result<void> print_help(Context& context, const CommandPath& path) {
    if (!context.json())
        return context.print_text(help_text(path));
    return context.print(
        Record("help").json("command", full_name(path)).json("text", help_text(path)));
}

std::string help_text(const CommandPath& path) {
    const Command::Node& node = *path.back();
    std::string out =
        fmt::format("{}\n{}\n", wrapped(usage_line(path), 0, 7), wrapped(node.summary, 0, 0));
    if (!node.children.empty()) {
        out += "\nCOMMANDS\n";
        for (const auto& child : node.children)
            out += row(child->name, child->summary);
    }
    if (!node.arguments.empty()) {
        out += "\nARGUMENTS\n";
        for (const ArgumentSpec& spec : node.arguments)
            out += row(spec.name + (spec.many ? "..." : ""), spec.help);
    }
    out += "\nOPTIONS\n";
    for (const OptionSpec& spec : node.options)
        out += option_row(spec);
    append_globals(out, node);
    if (!node.examples.empty()) {
        out += "\nEXAMPLES\n";
        for (const std::string& example : node.examples)
            out += example_lines(example);
    }
    return out;
}

Result<void> print_version(Context& context, const std::string& tool) {
#ifdef __clang__
    const std::string compiler =
        fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
    const std::string compiler =
        fmt::format("gcc {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
    if (!context.json())
        return context.print_text(fmt::format("{} {} ({}, {}, cpu: {})\n", tool, CODEX_VERSION,
                                              CODEX_REVISION, compiler, cpu::describe()));
    return context.print(Record("version")
                             .json("tool", tool)
                             .json("version", CODEX_VERSION)
                             .json("revision", CODEX_REVISION)
                             .json("compiler", compiler)
                             .json("cpu", cpu::describe()));
}

} // namespace codex::cli::detail

namespace codex::cli {

std::string_view version() {
    return CODEX_VERSION;
}

std::string_view revision() {
    return CODEX_REVISION;
}

} // namespace codex::cli
