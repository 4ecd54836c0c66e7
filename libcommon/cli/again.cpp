// The command line once more, as a hint offers it.
#include "cli/detail/again.hpp"

#include "base/printable.hpp"

#include <algorithm>

namespace codex::cli::detail {

namespace {

/// "-o a b" as a shell takes it back. shell_quoted() would take the dash for a part of a name.
std::string quoted_after_dashes(std::string_view word) {
    const std::size_t dashes = std::min(word.find_first_not_of('-'), word.size());
    const std::size_t equals = dashes == 0 ? word.npos : word.find('=');
    const std::size_t bare = equals == word.npos ? dashes : equals + 1;
    const std::string_view rest = word.substr(bare);
    if (dashes != 0 && rest.empty())
        return std::string(word);
    return std::string(word.substr(0, bare)) + shell_quoted(rest);
}

struct Option {
    std::string name;
    bool value_follows = false; ///< in the next word
};

/// What a word that begins with a dash says.
Option option_in(std::string_view word, const std::vector<OptionSpec>& specs) {
    const auto takes_value = [&](std::string_view name) {
        return std::ranges::any_of(specs, [&](const OptionSpec& spec) {
            return !spec.is_flag() && std::ranges::find(spec.names, name) != spec.names.end();
        });
    };
    if (word.starts_with("--")) {
        std::string name(word.substr(0, word.find('=')));
        const bool follows = name == word && takes_value(name);
        return {std::move(name), follows};
    }
    std::string name;
    for (std::size_t i = 1; i < word.size(); ++i) {
        name = {'-', word[i]};
        if (takes_value(name))
            return {std::move(name), i + 1 == word.size()};
    }
    return {std::move(name), false};
}

/// A word of the command line.
struct Word {
    std::string text;
    enum Kind : std::uint8_t { option, value, positional } kind = positional;
    bool hidden = false; ///< what a hint does not repeat, and its value
};

std::vector<Word> words_of(const Context::State& state) {
    Globals globals;
    std::vector<OptionSpec> specs = global_options(globals);
    specs.insert(specs.end(), state.node->options.begin(), state.node->options.end());
    std::vector<Word> words;
    const std::vector<std::string>& given = state.arguments;
    bool only_arguments = false;
    for (std::size_t i = 0; i < given.size(); ++i) {
        if (!only_arguments && given[i] == "--") {
            only_arguments = true;
            continue;
        }
        if (only_arguments || given[i].size() < 2 || given[i].front() != '-') {
            words.push_back({given[i], Word::positional, false});
            continue;
        }
        const auto [name, value_follows] = option_in(given[i], specs);
        const bool hidden = name == "-r" || name == "--repo" || name == "--json";
        words.push_back({given[i], Word::option, hidden});
        if (value_follows && i + 1 < given.size())
            words.push_back({given[++i], Word::value, hidden});
    }
    return words;
}

} // namespace

std::vector<std::string> positional_words(const Context::State& state) {
    std::vector<std::string> words;
    for (Word& word : words_of(state))
        if (word.kind == Word::positional)
            words.push_back(std::move(word.text));
    // Behind the names of the tool's command: "codex-chunk block get" has two.
    const auto names = static_cast<std::size_t>(std::ranges::count(state.command, ' '));
    words.erase(words.begin(),
                words.begin() + static_cast<std::ptrdiff_t>(std::min(names, words.size())));
    return words;
}

std::string command_with_options(const Context::State& state) {
    std::string line = state.command;
    for (const Word& word : words_of(state))
        if (word.kind != Word::positional && !word.hidden)
            line += " " + quoted_after_dashes(word.text);
    return line;
}

std::string command_about(const Context::State& state, std::string_view first) {
    std::string line = fmt::format("{} {}", command_with_options(state), first);
    if (state.node->arguments.size() < 2)
        return line; // the others are inputs like the first, and not in question
    const std::vector<std::string> words = positional_words(state);
    for (std::size_t i = 1; i < words.size(); ++i)
        line += " " + shell_quoted(words[i]);
    return line;
}

} // namespace codex::cli::detail
