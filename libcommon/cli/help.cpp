#include "base/cpu.hpp"
#include "cli/detail/describe.hpp"

namespace codex::cli::detail {

namespace {

constexpr std::size_t kNameColumn = 26;

std::string row(const std::string& name, std::string_view help) {
    if (name.size() < kNameColumn)
        return fmt::format("  {:<{}}{}\n", name, kNameColumn, help);
    return fmt::format("  {}\n  {:<{}}{}\n", name, "", kNameColumn, help);
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
        return line + " COMMAND [OPTIONS] ...\n";
    line += " [OPTIONS]";
    for (const ArgumentSpec& spec : node.arguments) {
        const std::string name = spec.name + (spec.many ? "..." : "");
        line += " " + (spec.required ? name : "[" + name + "]");
    }
    return line + "\n";
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
    out += "  and -q -v -j N --progress --color --log-level --log-format --no-sync --fail-fast\n"
           "  --lock-timeout --config-file, as in every tool: see codex-pipes(7)\n";
}

} // namespace

std::string help_text(const CommandPath& path) {
    const Command::Node& node = *path.back();
    std::string out = usage_line(path) + node.summary + "\n";
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
            out += "  " + example + "\n";
    }
    return out;
}

std::string version_text(const std::string& tool) {
#ifdef __clang__
    const std::string compiler =
        fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
    const std::string compiler =
        fmt::format("gcc {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
    return fmt::format("{} {} ({}, {}, cpu: {})\n", tool, CODEX_VERSION, CODEX_REVISION, compiler,
                       cpu::describe());
}

} // namespace codex::cli::detail
