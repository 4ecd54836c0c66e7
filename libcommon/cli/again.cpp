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
    bool common = false; ///< of all commands, and says nothing of what is done
    std::string place{}; ///< the file or folder that an option's value is; empty: it is none
};

/// What help calls the value or the argument is the name of a file or a folder.
bool is_place(std::string_view what) {
    return what == "FILE" || what == "DIR" || what == "SOURCE" || what == "PROOF" || what == "ZKEY";
}

bool takes_place(std::string_view name, const std::vector<OptionSpec>& specs) {
    return std::ranges::any_of(specs, [&](const OptionSpec& spec) {
        return is_place(spec.value) && std::ranges::find(spec.names, name) != spec.names.end();
    });
}

std::vector<Word> words_of(const Context::State& state) {
    Globals globals;
    std::vector<OptionSpec> specs = global_options(globals);
    const std::size_t common = specs.size();
    const auto is_common = [&](std::string_view name) {
        return std::ranges::any_of(std::span(specs).first(common), [&](const OptionSpec& spec) {
            return std::ranges::find(spec.names, name) != spec.names.end();
        });
    };
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
            words.push_back({given[i], Word::positional});
            continue;
        }
        const auto [name, value_follows] = option_in(given[i], specs);
        // Where a hint is to name repo and ledger, completed() puts them in.
        const bool hidden =
            name == "-r" || name == "--repo" || name == "--json" || name == "--ledger";
        const bool general = is_common(name);
        const bool place = takes_place(name, specs);
        words.push_back({given[i], Word::option, hidden, general});
        if (value_follows && i + 1 < given.size()) {
            words.push_back({given[++i], Word::value, hidden, general});
            words.back().place = place ? given[i] : std::string();
        } else if (const std::size_t begin = given[i].find('='); place && begin != given[i].npos) {
            words.back().place = given[i].substr(begin + 1);
        }
    }
    return words;
}

/// A line whose options are moved.
struct MovedOptions {
    std::vector<std::string> before; ///< what stands before the command, and may stand anywhere
    std::vector<std::string> moved;  ///< what may not
    std::size_t end = 0;             ///< where the command's name has ended
};

/// Nothing, where the command is not found, or something else stands before it. `valued`: the
/// values of its options are there, and not forgotten.
std::optional<MovedOptions> line_of(const CommandPath& path, const std::vector<OptionSpec>& specs,
                                    const std::vector<std::string>& arguments, bool valued) {
    MovedOptions line;
    std::size_t depth = 1;
    for (; line.end < arguments.size() && depth < path.size(); ++line.end) {
        const std::string& word = arguments[line.end];
        if (word == path[depth]->name) {
            ++depth;
            continue;
        }
        if (word.size() < 2 || word.front() != '-' || word == "--")
            return std::nullopt;
        const auto [name, follows] = option_in(word, specs);
        const auto& own_specs = path.back()->options;
        const auto own = std::ranges::find_if(own_specs, [&, &called = name](const auto& spec) {
            return std::ranges::find(spec.names, called) != spec.names.end();
        });
        const bool is_own = own != own_specs.end();
        std::vector<std::string>& to = is_own ? line.moved : line.before;
        const auto is_secret = [&](std::string_view value) {
            return is_own && own->value == "FILE" && looks_like_key(value);
        };
        if (is_secret(std::string_view(word).substr(word.find('=') + 1)))
            to.push_back(fmt::format("{} {}", name, own->value));
        else if (name != "--json")
            to.push_back(quoted_after_dashes(word));
        if (follows && !valued && is_own)
            to.push_back(own->value);
        else if (follows && line.end + 1 < arguments.size())
            to.push_back(is_secret(arguments[++line.end])
                             ? own->value
                             : quoted_after_dashes(arguments[line.end]));
    }
    if (depth < path.size() || line.moved.empty())
        return std::nullopt;
    return line;
}

} // namespace

bool looks_like_key(std::string_view text) {
    constexpr std::size_t kKeyDigits = 64;
    const std::string_view digits = text.substr(text.starts_with("0x") ? 2 : 0);
    return digits.size() == kKeyDigits &&
           digits.find_first_not_of("0123456789abcdefABCDEF") == digits.npos;
}

std::optional<std::string> with_options_behind(const CommandPath& path,
                                               const std::vector<OptionSpec>& global_specs,
                                               const std::vector<std::string>& arguments) {
    std::vector<OptionSpec> specs = global_specs;
    specs.insert(specs.end(), path.back()->options.begin(), path.back()->options.end());
    std::optional<MovedOptions> line = line_of(path, specs, arguments, true);
    if (!line)
        line = line_of(path, specs, arguments, false);
    if (!line)
        return std::nullopt;
    std::string command = full_name(path);
    for (const auto* words : {&line->before, &line->moved})
        for (const std::string& word : *words)
            command += " " + word;
    for (std::size_t i = line->end; i < arguments.size(); ++i)
        if (arguments[i] != "--json")
            command += " " + quoted_after_dashes(arguments[i]);
    return command;
}

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

std::vector<std::string> named_places(const Context::State& state) {
    std::vector<std::string> places;
    for (Word& word : words_of(state))
        places.push_back(std::move(word.place));
    if (std::ranges::any_of(state.node->arguments, is_place, &ArgumentSpec::name))
        for (std::string& word : positional_words(state))
            places.push_back(std::move(word));
    Globals globals;
    std::vector<OptionSpec> specs = global_options(globals);
    specs.insert(specs.end(), state.node->options.begin(), state.node->options.end());
    for (const Setting& setting : state.settings)
        if (takes_place("--" + setting.name, specs))
            places.push_back(setting.value);
    std::erase_if(places, [](const std::string& place) { return place.empty() || place == "-"; });
    return places;
}

std::string command_with_options(const Context::State& state) {
    std::string line = state.command;
    for (const Word& word : words_of(state))
        if (word.kind != Word::positional && !word.hidden)
            line += " " + quoted_after_dashes(word.text);
    return line;
}

std::string command_alone(const Context::State& state) {
    std::string line = state.command;
    for (const Word& word : words_of(state))
        if (word.kind != Word::positional && !word.hidden && !word.common)
            line += " " + quoted_after_dashes(word.text);
    for (const std::string& word : positional_words(state))
        line += " " + shell_quoted(word);
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
