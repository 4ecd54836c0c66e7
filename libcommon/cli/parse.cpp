#include "cli/detail/parse.hpp"

#include "cli/detail/suggest.hpp"
#include "cli/detail/tool_settings.hpp"

#include <CLI/CLI.hpp>

namespace codex::cli::detail {

namespace {

using Outcome = Expected<Parsed, Misuse>;

/// CLI11 2.1 gives "[...]" and "++" a meaning of its own, has no way to say that a value is empty
/// after '=', and lets what follows "--" fall through to the wrong command. Words marked with this
/// octet mean nothing to it; the mark is taken off again before anybody sees the word.
constexpr char kMark = '\x01';

std::string marked(const std::string& word) {
    return kMark + word;
}

std::string unmarked(const std::string& word) {
    return !word.empty() && word.front() == kMark ? word.substr(1) : word;
}

std::vector<std::string> mark_words(const std::vector<std::string>& arguments) {
    std::vector<std::string> words;
    bool only_arguments = false;
    for (const std::string& word : arguments) {
        const bool special = word == "++" || word.empty() || word.front() == kMark ||
                             (word.front() == '[' && word.back() == ']');
        if (!only_arguments && word == "--") {
            only_arguments = true;
        } else if (only_arguments || special) {
            words.push_back(marked(word));
        } else if (word.starts_with("--") && word.find('=') == word.size() - 1) {
            words.push_back(word + kMark);
        } else {
            words.push_back(word);
        }
    }
    return words;
}

/// One command's part of the CLI11 tree, with what was found.
struct Level {
    const Command::Node* node = nullptr;
    CLI::App* app = nullptr;
    std::vector<std::vector<std::string>> values; ///< per option of the node
    std::vector<std::string> words;               ///< positional arguments
    std::vector<std::unique_ptr<Level>> children;
};

std::string joined_names(const OptionSpec& spec) {
    return fmt::format("{}", fmt::join(spec.names, ","));
}

void add_options(CLI::App& app, const std::vector<OptionSpec>& specs,
                 std::vector<std::vector<std::string>>& values) {
    values.resize(specs.size());
    for (std::size_t i = 0; i < specs.size(); ++i) {
        std::vector<std::string>& found = values[i];
        const auto take = [&found](const CLI::results_t& given) {
            found = given;
            return true;
        };
        CLI::Option* option = app.add_option(joined_names(specs[i]), CLI::callback_t(take));
        if (specs[i].is_flag())
            option->expected(0)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        else
            option->type_size(1)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
}

std::unique_ptr<Level> build_level(const Command::Node& node, CLI::App& app) {
    auto level = std::make_unique<Level>();
    level->node = &node;
    level->app = &app;
    app.set_help_flag();
    app.allow_extras();
    app.fallthrough();
    add_options(app, node.options, level->values);
    if (node.children.empty() || node.body) {
        std::vector<std::string>& words = level->words;
        app.add_option("words", CLI::callback_t([&words](const CLI::results_t& given) {
                           words = given;
                           return true;
                       }))
            ->expected(0, CLI::detail::expected_max_vector_size)
            ->allow_extra_args();
    }
    if (!node.children.empty())
        app.require_subcommand(0, 1);
    for (const auto& child : node.children)
        level->children.push_back(build_level(*child, *app.add_subcommand(child->name)));
    return level;
}

/// The levels from the root to the command that was named.
std::vector<Level*> named_levels(Level& root) {
    std::vector<Level*> path = {&root};
    for (;;) {
        const auto& children = path.back()->children;
        const auto next = std::find_if(children.begin(), children.end(),
                                       [](const auto& child) { return child->app->parsed(); });
        if (next == children.end())
            return path;
        path.push_back(next->get());
    }
}

CommandPath path_of(const std::vector<Level*>& levels) {
    CommandPath path;
    for (const Level* level : levels)
        path.push_back(level->node);
    return path;
}

Result<void> apply_options(const std::vector<OptionSpec>& specs,
                           std::vector<std::vector<std::string>>& values) {
    for (std::size_t i = 0; i < specs.size(); ++i) {
        if (values[i].empty())
            continue;
        const std::string& name = specs[i].names.back();
        if (values[i].size() > 1 && !specs[i].many && !specs[i].is_flag())
            return fail(Errc::usage, "{} is given {} times", name, values[i].size());
        for (std::string& value : values[i]) {
            if (specs[i].is_flag() && value != "true")
                return fail(Errc::usage, "{} takes no value", name);
            value = unmarked(value);
            if (value.empty() && !specs[i].may_be_empty())
                return fail(bad_value(name, empty_name(specs[i].value)));
        }
        if (auto done = specs[i].apply(values[i]); !done)
            return fail(bad_value(name, done.error()));
    }
    return {};
}

std::string first_example(const Command::Node& node) {
    return node.examples.empty() ? std::string() : "for example: " + node.examples.front();
}

Result<void> apply_arguments(const Level& level, const CommandPath& path) {
    std::vector<std::string> words;
    for (const std::string& word : level.words)
        words.push_back(unmarked(word));
    std::size_t at = 0;
    for (const ArgumentSpec& spec : level.node->arguments) {
        const std::size_t count =
            spec.many ? words.size() - at : std::min<std::size_t>(1, words.size() - at);
        if (count == 0 && spec.required)
            return fail(Error(Errc::usage, fmt::format("{} is missing: {}", spec.name, spec.help))
                            .hint(first_example(*level.node)));
        if (!spec.may_be_empty())
            for (std::size_t i = at; i < at + count; ++i)
                if (words[i].empty())
                    return fail(empty_name(spec.name));
        if (count > 0) {
            const auto begin = words.begin() + static_cast<std::ptrdiff_t>(at);
            spec.apply({begin, begin + static_cast<std::ptrdiff_t>(count)});
        }
        at += count;
    }
    if (at < words.size())
        return fail(unexpected_argument(words[at], path));
    return {};
}

/// Flags that only some commands know what to do with.
Result<void> check_meaning(const CommandPath& path, const Globals& globals) {
    const Command::Node& node = *path.back();
    const auto means_nothing = [&path](std::string_view option, std::string_view why = {}) {
        return fail(Errc::usage, "{} means nothing to {}{}", option, full_name(path), why);
    };
    if (globals.output_given && !node.takes_output) {
        const bool has_to = std::ranges::any_of(node.options, [](const OptionSpec& option) {
            return std::ranges::find(option.names, "--to") != option.names.end();
        });
        return means_nothing("-o", has_to ? ": what it writes goes to a file with --to FILE"
                                          : ": redirect what it prints, with >");
    }
    if (globals.dry_run && !node.takes_dry_run)
        return means_nothing("-n", ": it deletes and spends nothing");
    if (globals.unordered && !node.takes_unordered)
        return means_nothing("--unordered", ": there is nothing to gain by it");
    if ((globals.batch || globals.buffer) && !node.takes_batch)
        return means_nothing(globals.batch ? "--batch" : "--buffer", ": it looks nothing up");
    if (globals.buffer && !globals.batch)
        return fail(Errc::usage, "--buffer means nothing without --batch");
    return {};
}

void note_flags(const std::vector<OptionSpec>& specs,
                const std::vector<std::vector<std::string>>& values,
                std::vector<Setting>& settings) {
    for (std::size_t i = 0; i < specs.size(); ++i)
        if (!values[i].empty())
            note_flag(specs[i], values[i], settings);
}

/// Of the command and all below it.
void add_rules_of_all(const Command::Node& command, std::vector<SettingRule>& rules) {
    for (SettingRule& rule : setting_rules(command.options))
        if (std::ranges::find(rules, rule.name, &SettingRule::name) == rules.end())
            rules.push_back(std::move(rule));
    for (const auto& child : command.children)
        add_rules_of_all(*child, rules);
}

std::vector<SettingRule> rules_of(const Command::Node& root, const Command::Node& command) {
    if (!command.shows_settings)
        return setting_rules(command.options);
    std::vector<SettingRule> rules;
    add_rules_of_all(root, rules);
    return rules;
}

/// Those of `command` that the command line does not say.
std::optional<std::vector<std::string>>
needs_of(const Command::Node& command, const std::vector<OptionSpec>& specs,
         const std::vector<std::vector<std::string>>& values) {
    std::optional<std::vector<std::string>> needs = command.needs;
    for (std::size_t i = 0; needs && i < specs.size(); ++i)
        if (!values[i].empty())
            std::erase(*needs, specs[i].long_name());
    return needs;
}

/// Configuration file, environment, flags, in this order: who comes later wins.
Result<Configuration> settle(const std::vector<OptionSpec>& specs, const Command::Node& command,
                             std::span<const SettingRule> more,
                             std::vector<std::vector<std::string>>& values, Globals& globals) {
    const auto file = std::find_if(specs.begin(), specs.end(), [](const OptionSpec& spec) {
        return spec.long_name() == "config-file";
    });
    const auto& named = values[static_cast<std::size_t>(file - specs.begin())];
    CODEX_TRY(made, apply_configuration(named.empty() ? "" : unmarked(named.front()), globals, more,
                                        needs_of(command, specs, values)));
    CODEX_CHECK(apply_options(specs, values));
    note_flags(specs, values, made.settings);
    return made;
}

std::string lacks_value(const OptionSpec& spec, std::string_view name) {
    return fmt::format("{} needs a value: {} {}", name, name, spec.value);
}

/// CLI11's complaint in our form. It can only be that an option stands at the end without its
/// value: everything else is taken from CLI11 as it comes, and looked at here.
std::string missing_value(std::string_view complaint, const std::vector<Level*>& levels,
                          const std::vector<OptionSpec>& global_specs) {
    const std::string_view name = complaint.substr(0, complaint.find(':'));
    std::vector<const std::vector<OptionSpec>*> all = {&global_specs};
    for (const Level* level : levels)
        all.push_back(&level->node->options);
    for (const auto* specs : all)
        for (const OptionSpec& spec : *specs)
            if (std::find(spec.names.begin(), spec.names.end(), name) != spec.names.end())
                return lacks_value(spec, name);
    return fmt::format("{} needs a value", name);
}

bool is_option_of(const std::vector<const std::vector<OptionSpec>*>& all, std::string_view word) {
    if (word == "-h" || word == "--help" || word == "--version")
        return true;
    return std::ranges::any_of(all, [&](const auto* specs) {
        return std::ranges::any_of(*specs, [&](const OptionSpec& spec) {
            return std::ranges::find(spec.names, word) != spec.names.end();
        });
    });
}

/// Of an option that took the one behind it for its value, which was left out.
Error took_option(const OptionSpec& spec, const std::string& name, const std::string& value) {
    Error error(Errc::usage, fmt::format("{}; what stands behind it is the option {}",
                                         lacks_value(spec, name), value));
    constexpr std::string_view kAnyWord[] = {"TEXT", "NAME", "FILE", "DIR"};
    if (std::ranges::find(kAnyWord, spec.value) == std::end(kAnyWord))
        return error;
    return std::move(error).hint(
        fmt::format("if that is the value, join them: {}={}", spec.names.back(), value));
}

/// A value that is an option of the command, and was not joined to its own by '=', is a slip.
Result<void> check_values(const std::vector<Level*>& levels,
                          const std::vector<OptionSpec>& global_specs,
                          const std::vector<std::vector<std::string>>& global_values,
                          const std::vector<std::string>& arguments) {
    std::vector<const std::vector<OptionSpec>*> all = {&global_specs};
    std::vector<const std::vector<std::vector<std::string>>*> given = {&global_values};
    for (const Level* level : levels) {
        all.push_back(&level->node->options);
        given.push_back(&level->values);
    }
    const auto end = std::ranges::find(arguments, "--");
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = 0; j < all[i]->size(); ++j) {
            const OptionSpec& spec = (*all[i])[j];
            for (auto word = arguments.begin(); !spec.is_flag() && word != end; ++word) {
                const auto name = std::ranges::find(spec.names, *word);
                const auto value = std::next(word);
                if (name == spec.names.end() || value == arguments.end())
                    continue;
                if (value == end)
                    return fail(Errc::usage, "{}", lacks_value(spec, *name));
                if (is_option_of(all, *value) &&
                    std::ranges::find((*given[i])[j], *value) != (*given[i])[j].end())
                    return fail(took_option(spec, *name, *value));
            }
        }
    return {};
}

} // namespace

Outcome parse(const Command::Node& root, Globals& globals,
              const std::vector<std::string>& arguments) {
    CLI::App app;
    bool help = false;
    bool version = false;
    bool dump = false;
    const std::unique_ptr<Level> top = build_level(root, app);
    app.add_flag("-h,--help", help);
    app.add_flag("--version", version);
    app.add_flag("--dump-commands", dump);
    const std::vector<OptionSpec> global_specs = global_options(globals);
    std::vector<std::vector<std::string>> global_values;
    add_options(app, global_specs, global_values);

    std::vector<std::string> words = mark_words(arguments);
    std::reverse(words.begin(), words.end()); // CLI11 takes them from the back
    std::string refused;
    try {
        app.parse(words);
    } catch (const CLI::ParseError& error) {
        refused = error.what();
    }
    const std::vector<Level*> levels = named_levels(*top);
    const CommandPath path = path_of(levels);
    const auto misuse = [&path](Error error) {
        return Unexpected<Misuse>(Misuse{std::move(error), path});
    };
    if (version)
        return Parsed{Parsed::Request::version, path, {}};
    if (dump)
        return Parsed{Parsed::Request::dump_commands, path, {}};
    if (help)
        return Parsed{Parsed::Request::help, path, {}};
    if (!refused.empty())
        return misuse(Error(Errc::usage, missing_value(refused, levels, global_specs)));
    if (auto done = check_values(levels, global_specs, global_values, arguments); !done)
        return misuse(std::move(done).error());
    std::vector<std::string> rest = app.remaining(true);
    // Of "-q5", where -q takes no value, CLI11 makes an argument "-5" that nobody gave.
    for (const std::string& word : levels.back()->words)
        if (word.size() > 1 && word.front() == '-' &&
            std::find(arguments.begin(), arguments.end(), word) == arguments.end())
            rest.push_back(word);
    if (!rest.empty())
        return misuse(unknown_word(unmarked(rest.front()), path, global_specs, arguments));
    if (!path.back()->body)
        return misuse(Error(Errc::usage, fmt::format("{}: a command is missing", full_name(path)))
                          .hint(first_example(*path.back())));

    auto made =
        settle(global_specs, *path.back(), rules_of(root, *path.back()), global_values, globals);
    if (!made)
        return misuse(std::move(made).error());
    Parsed parsed{Parsed::Request::run, path, std::move(*made)};
    for (Level* level : levels) {
        if (auto done = apply_options(level->node->options, level->values); !done)
            return misuse(std::move(done).error());
        note_flags(level->node->options, level->values, parsed.configuration.settings);
    }
    if (auto done = apply_arguments(*levels.back(), path); !done)
        return misuse(std::move(done).error());
    if (auto done = check_meaning(path, globals); !done)
        return misuse(std::move(done).error());
    return parsed;
}

} // namespace codex::cli::detail
