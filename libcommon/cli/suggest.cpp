// "Did you mean": words of other tools, commands of the other codex tools, near misses.
#include "cli/detail/suggest.hpp"

#include "base/printable.hpp"
#include "codec/cid.hpp"

#include <algorithm>
#include <sys/stat.h>

namespace codex::cli::detail {

namespace {

struct Tool {
    std::string_view name;
    std::string_view commands; ///< separated by blanks
};
/// Each tool knows its own tree only; this is what it says about the others'.
constexpr Tool kTools[] = {
    {"codex-chunk", "init put get ls stat rm verify gc keep label space export import block"},
    {"codex-ec", "encode decode status repair verify erase"},
    {"codex-merkle", "root tree proof verify leaves"},
    {"codex-prove", "slots roots status sample input witness prove verify batch-verify r1cs setup "
                    "contribute beacon verify-setup vkey calldata fetch-circuit info"},
    {"codex-serve", "run id key ping"},
};

struct Synonym {
    std::string_view command; ///< of whichever tool has it
    std::string_view words;   ///< what it is called elsewhere
};
constexpr Synonym kSynonyms[] = {
    {"put", "add store save upload backup create pack"},
    {"get", "cat read download restore extract fetch checkout unpack"},
    {"ls", "list dir datasets snapshots"},
    {"rm", "remove delete del unlink forget drop"},
    {"stat", "show info inspect"},
    {"status", "show info health missing"},
    {"verify", "check fsck scrub validate test"},
    {"gc", "prune clean cleanup collect compact vacuum"},
    {"space", "du df usage quota size"},
    {"keep", "expire retain pin touch ttl"},
    {"label", "tag name rename annotate describe"},
    {"init", "create new mkrepo configure"},
    {"export", "archive car send"},
    {"import", "receive load"},
    {"encode", "protect"},
    {"repair", "recover heal fix reconstruct"},
    {"erase", "damage lose"},
    {"root", "hash"},
    {"config", "settings options"},
    {"completion", "completions complete"},
    {"help", "commands man usage ?"},
    {"--version", "version"},
};

bool holds(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        if (words.substr(0, end) == word)
            return true;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return false;
}

bool has_child(const Command::Node& node, std::string_view name) {
    return std::ranges::any_of(node.children,
                               [&](const auto& child) { return child->name == name; });
}

} // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

namespace {

/// The one that was probably mistyped, or was not written to its end; empty: none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& known) {
    const auto begins = [&](const std::string& name) { return name.starts_with(word); };
    if (word.size() > 2 && std::ranges::count_if(known, begins) == 1)
        return *std::ranges::find_if(known, begins);
    std::string found;
    std::size_t best = 3; // further away is a guess
    for (const std::string& candidate : known) {
        const std::size_t distance = edit_distance(candidate, word);
        if (distance < best && distance < candidate.size() && distance < word.size()) {
            found = candidate;
            best = distance;
        }
    }
    return found;
}

/// Commands of this tool, at this place or at its top, that are called `word` elsewhere.
std::vector<std::string> synonyms_here(const std::string& word, const CommandPath& path) {
    std::vector<std::string> found;
    const std::string& tool = path.front()->name;
    for (const Synonym& synonym : kSynonyms) {
        if (!holds(synonym.words, word))
            continue;
        if (has_child(*path.back(), synonym.command))
            found.push_back(fmt::format("{} {}", full_name(path), synonym.command));
        else if (has_child(*path.front(), synonym.command) || synonym.command.starts_with("--"))
            found.push_back(fmt::format("{} {}", tool, synonym.command));
    }
    return found;
}

/// Commands of other tools that are called so, or with `meant`, mean that.
std::vector<std::string> elsewhere(const std::string& word, const std::string& tool, bool meant) {
    std::vector<std::string> found;
    for (const Tool& other : kTools) {
        if (other.name == tool)
            continue;
        if (!meant && holds(other.commands, word))
            found.push_back(fmt::format("{} {}", other.name, word));
        for (const Synonym& synonym : kSynonyms)
            if (meant && holds(synonym.words, word) && holds(other.commands, synonym.command))
                found.push_back(fmt::format("{} {}", other.name, synonym.command));
    }
    return found;
}

std::string question(const std::vector<std::string>& candidates) {
    return candidates.empty() ? std::string()
                              : fmt::format("did you mean: {}", fmt::join(candidates, "; or: "));
}

std::string hint_for_command(const std::string& word, const CommandPath& path) {
    const std::string& tool = path.front()->name;
    std::vector<std::string> meant = synonyms_here(word, path);
    const std::vector<std::string> others = elsewhere(word, tool, false);
    if (meant.empty() && !others.empty())
        return fmt::format("that is a command of {}: {}",
                           others.size() == 1 ? "another tool" : "other tools",
                           fmt::join(others, "; "));
    meant.insert(meant.end(), others.begin(), others.end());
    if (!meant.empty())
        return question(meant);
    std::vector<std::string> known;
    for (const auto& child : path.back()->children)
        known.push_back(child->name);
    if (const std::string near = nearest(word, known); !near.empty())
        return question({fmt::format("{} {}", full_name(path), near)});
    struct stat info{};
    if (has_child(*path.front(), "put") && ::stat(word.c_str(), &info) == 0)
        return fmt::format("that is a file; store it: {} put {}", tool, shell_quoted(word));
    if (has_child(*path.front(), "get") && Cid::from_text(word))
        return fmt::format("that is a CID; get it: {0} get {1}; look at it: {0} stat {1}", tool,
                           word);
    return question(elsewhere(word, tool, true));
}

std::string hint_for_option(const std::string& name, const CommandPath& path,
                            const std::vector<OptionSpec>& global_specs) {
    if (name == "-V")
        return question({"--version"});
    if (name == "-?")
        return question({"--help"});
    std::vector<std::string> known = {"-h", "--help", "--version"};
    for (const auto* specs : {&path.back()->options, &global_specs})
        for (const OptionSpec& spec : *specs)
            if (specs != &global_specs || applies(spec, *path.back()))
                known.insert(known.end(), spec.names.begin(), spec.names.end());
    // One letter is as far from every other as can be.
    if (name.size() > 2)
        if (const std::string near = nearest(name, known); !near.empty())
            return question({near});
    std::vector<std::string> owners;
    for (const auto& child : path.front()->children)
        for (const OptionSpec& spec : child->options)
            if (std::ranges::find(spec.names, name) != spec.names.end())
                owners.push_back(child->name);
    return owners.empty() ? std::string()
                          : fmt::format("that is an option of {}", fmt::join(owners, ", "));
}

/// The option that takes the file, where there is one of the file's kind: --zkey for key.zkey.
std::string hint_for_argument(const std::string& word, const Command::Node& node) {
    const std::size_t dot = word.rfind('.');
    if (dot == std::string::npos)
        return {};
    for (const OptionSpec& spec : node.options)
        if (!spec.is_flag() && spec.long_name() == word.substr(dot + 1))
            return question({fmt::format("{} {}", spec.names.back(), shell_quoted(word))});
    return {};
}

/// What CLI11 leaves of "-q5", "-v=3" when -q and -v are flags: "-5", "-=3". The whole word.
std::string whole_word(const std::string& rest, const std::vector<std::string>& arguments) {
    if (std::ranges::find(arguments, rest) != arguments.end() || rest.size() < 2)
        return rest;
    for (const std::string& argument : arguments)
        if (argument.size() > rest.size() && argument.starts_with('-') &&
            argument.ends_with(rest.substr(1)))
            return argument;
    return rest;
}

} // namespace

Error unexpected_argument(const std::string& word, const Command::Node& node) {
    return Error(Errc::usage, fmt::format("unexpected argument '{}'", word))
        .hint(hint_for_argument(word, node));
}

Error unknown_word(const std::string& word, const CommandPath& path,
                   const std::vector<OptionSpec>& global_specs,
                   const std::vector<std::string>& arguments) {
    if (word.size() > 1 && word.front() == '-') {
        const std::string whole = whole_word(word, arguments);
        if (whole != word && std::isalpha(static_cast<unsigned char>(word[1])) == 0)
            return Error(Errc::usage,
                         fmt::format("-{} takes no value", whole[whole.size() - word.size()]));
        const std::string name = word.substr(0, word.find('='));
        return Error(Errc::usage, fmt::format("unknown option {}", name))
            .hint(hint_for_option(name, path, global_specs));
    }
    if (path.back()->children.empty())
        return unexpected_argument(word, *path.back());
    return Error(Errc::usage, fmt::format("unknown command '{}'", word))
        .hint(hint_for_command(word, path));
}

} // namespace codex::cli::detail
