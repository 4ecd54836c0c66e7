#include "base/log.hpp"
#include "cli/detail/again.hpp"
#include "cli/detail/describe.hpp"
#include "cli/detail/last_words.hpp"
#include "cli/detail/parse.hpp"
#include "cli/detail/state.hpp"
#include "cli/detail/tool_settings.hpp"
#include "cli/signals.hpp"
#include "cli/tool.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <pthread.h>
#include <system_error>
#include <unistd.h>

namespace codex::cli {

namespace {

/// Makes sure that 0, 1 and 2 are taken, so that no file of the repo is opened as "stdout". They
/// are opened the wrong way round: using a stream that was closed is still an error.
void reserve_standard_streams() {
    for (const int fd : {0, 1, 2}) {
        if (::fcntl(fd, F_GETFD) != -1)
            continue;
        int opened = ::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
        if (opened < 0) // a folder can be neither read nor written, and is there without any /dev
            opened = ::open("/", O_RDONLY | O_DIRECTORY);
        if (opened >= 0 && opened != fd) {
            ::dup2(opened, fd);
            ::close(opened);
        }
    }
}

bool wants_color(const detail::Globals& globals, int fd) {
    if (globals.color != "auto")
        return globals.color == "always";
    const char* term = std::getenv("TERM");
    return ::isatty(fd) == 1 && (term == nullptr || std::string_view(term) != "dumb");
}

/// Of a command whose output the log is.
constexpr const char* kLevelsOfLog = "info";

Result<void> configure_log(Context::State& state) {
    const detail::Globals& globals = state.globals;
    log::Options options;
    options.format = globals.log_format == "json" ? log::Format::json : log::Format::text;
    options.color = state.color_err;
    options.directives = "warn";
    if (state.node->takes_log) {
        options.fd = STDOUT_FILENO;
        options.patience = std::chrono::milliseconds(200); // what stays does not stand still for it
        options.color = state.color_out;
        options.directives = kLevelsOfLog;
        if (globals.json)
            options.format = log::Format::json;
    }
    if (globals.quiet)
        options.directives = "error";
    else if (globals.verbose > 1)
        options.directives = globals.verbose > 2 ? "trace" : "debug";
    CODEX_SET(state.log_output, log::Output::open(options));
    state.log = log::Logger(state.log_output);
    state.log_levels = options.directives;
    CODEX_CHECK(detail::apply_log_levels(state, state.settings));
    if (state.node->takes_log)
        detail::note_log_levels(state.log_levels, state.settings);
    return {};
}

/// The command every tool has: its completion script.
void declare_completion(Command& root, std::shared_ptr<Command::Node> tree) {
    const auto shell = std::make_shared<std::string>();
    root.command("completion", "print a completion script for a shell")
        .argument("SHELL", *shell, "bash, zsh or fish")
        .takes_output()
        .only_needs({})
        .example(fmt::format("{} completion bash > ~/.local/share/bash-completion/completions/{}",
                             tree->name, tree->name))
        .example(
            fmt::format("{0} completion fish -o ~/.config/fish/completions/{0}.fish", tree->name))
        .run([shell, node = std::weak_ptr(tree)](Context& context) -> Result<int> {
            if (*shell != "bash" && *shell != "zsh" && *shell != "fish")
                return fail(
                    Error(Errc::usage, fmt::format("'{}' is none of bash, zsh, fish", *shell))
                        .hint("name one of them: " + node.lock()->name + " completion bash"));
            CODEX_CHECK(context.print_text(detail::completion_text(*node.lock(), *shell)));
            return 0;
        });
}

/// What the commands themselves would say of their settings.
Result<void> check_all(const Command::Node& command, Context& context) {
    if (command.check)
        CODEX_CHECK(command.check(context));
    for (const auto& child : command.children)
        CODEX_CHECK(check_all(*child, context));
    return {};
}

/// A secret is never a setting, but one may stand in the place of the file that has it.
std::string_view shown(std::string_view value) {
    return detail::looks_like_key(value) ? "(a key, and no file that has one)" : value;
}

/// Which file or folder of the repo a setting is that nobody says; empty: none, or no repo is
/// known.
std::string place_in_repo(const Command::Node& command, const Context& context,
                          const Setting& setting) {
    for (const detail::OptionSpec& option : command.options)
        if (option.long_name() == setting.name && !option.in_repo.empty())
            if (const auto repo = context.repo_path())
                return *repo + "/" + option.in_repo;
    for (const auto& child : command.children)
        if (std::string place = place_in_repo(*child, context, setting); !place.empty())
            return place;
    return {};
}

/// `config`: every setting with where it comes from.
void declare_config(Command& root, const std::shared_ptr<Command::Node>& tree,
                    std::shared_ptr<Context::State> state, const ToolSpec& spec) {
    const auto origins = std::make_shared<bool>(false);
    Command& config = root.command("config", spec.declare_config
                                                 ? "show the settings, and what else is configured"
                                                 : "show the settings of this tool");
    config.flag("--show-origin", *origins, "also where each value comes from")
        .example(fmt::format("{} config --show-origin", state->tool))
        .example(fmt::format("CODEX_THREADS=2 {} config --json", state->tool))
        .shows_settings();
    const ToolSpec::PrintsMore more =
        spec.declare_config ? spec.declare_config(config) : ToolSpec::PrintsMore();
    config.run([origins, state, more, node = std::weak_ptr(tree)](Context& context) -> Result<int> {
        // It is the command that goes on for days that is set up so.
        if (std::ranges::any_of(node.lock()->children,
                                [](const auto& child) { return child->takes_log; }))
            detail::note_log_levels(kLevelsOfLog, state->settings);
        for (const Setting& setting : state->settings) {
            const std::string value = setting.origin == Origin::built_in && setting.value.empty()
                                          ? place_in_repo(*node.lock(), context, setting)
                                          : std::string(shown(setting.value));
            Record record("setting");
            record.field("name", setting.name).field("value", value);
            if (*origins)
                record.field("origin", name_of(setting.origin)).field("from", setting.from);
            CODEX_CHECK(context.print(record));
        }
        if (more)
            CODEX_CHECK(more(context, *origins));
        CODEX_CHECK(check_all(*node.lock(), context)); // seen first, and then what is wrong
        return context.exit_code();
    });
}

int finish(Context& context, Context::State& state, Result<int> result) {
    if (auto done = state.flush(); result && !done)
        result = fail(std::move(done).error());
    if (!result) {
        context.report(state.subject, detail::blame_setting(state.settings, result.error()));
        return context.exit_code();
    }
    if (auto done = state.print_summary(context.elapsed_ms()); !done)
        context.report(done.error());
    // After a failed input there may still be a whole result of the others, but a stream that
    // lacks a part is not worth a name.
    const int code = std::max(*result, context.exit_code());
    if (code != 0)
        return code;
    if (auto done = state.commit_output(); !done)
        context.report(done.error());
    return context.exit_code();
}

/// Help, version, the tree: what a tool says about itself.
int run_request(const detail::Parsed& parsed, Context& context, Context::State& state,
                const Command::Node& root, bool json) {
    using Request = detail::Parsed::Request;
    state.globals = {};
    state.globals.json = json && parsed.request != Request::dump_commands;
    state.takes_output = true;
    auto done = parsed.request == Request::help      ? detail::print_help(context, parsed.path)
                : parsed.request == Request::version ? detail::print_version(context, root.name)
                                                     : context.print_text(detail::dump_text(root));
    return finish(context, state, done ? Result<int>(0) : fail(std::move(done).error()));
}

/// What the system refuses to a constructor of a library (no descriptor is left for an event loop)
/// is an error as any other.
Result<int> run_body(const Command::Node& command, Context& context) {
    try {
        return command.body(context);
    } catch (const std::system_error& error) {
        if (error.code().value() != EMFILE && error.code().value() != ENFILE)
            throw;
        return fail(system_error(error.code().value(), "begin"));
    }
}

int run_parsed(detail::Parsed parsed, std::shared_ptr<Context::State> state) {
    Context context(state);
    state->takes_output = parsed.path.back()->takes_output;
    state->command = detail::full_name(parsed.path);
    state->node = parsed.path.back();
    if (state->command.size() > state->tool.size())
        detail::prepare_last_words(state->tool,
                                   std::string_view(state->command).substr(state->tool.size() + 1),
                                   state->globals.json);
    std::vector<Error>& passed_over = parsed.configuration.passed_over;
    auto prepared = configure_log(*state);
    if (!prepared && state->node->needs && prepared.error().code() == Errc::config_invalid) {
        passed_over.push_back(std::move(prepared).error());
        prepared = {};
    }
    if (prepared)
        prepared = state->open_output();
    if (!prepared) {
        context.report(prepared.error());
        return context.exit_code();
    }
    for (const Error& mistake : passed_over)
        context.warn(fmt::format("passed over, for it is not needed here: {}", mistake.text()));
    std::vector<SettingRule> rules = detail::setting_rules(state->globals);
    for (SettingRule& rule : detail::setting_rules(state->node->options))
        rules.push_back(std::move(rule));
    for (const std::string& warning : doubtful_variables(rules))
        context.warn(warning);
    return finish(context, *state, run_body(*parsed.path.back(), context));
}

int run_arguments(const std::vector<std::string>& arguments, const ToolSpec& spec, bool json) {
    auto root = std::make_shared<Command::Node>();
    root->name = spec.name;
    root->summary = spec.summary;
    Command command(root);
    spec.declare(command);
    detail::declare_help(command, root);
    declare_completion(command, root);
    auto state = std::make_shared<Context::State>();
    state->tool = spec.name;
    state->arguments = arguments;
    declare_config(command, root, state, spec);

    state->out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
    Context context(state);
    auto parsed = detail::parse(*root, state->globals, arguments);
    state->color_out = wants_color(state->globals, STDOUT_FILENO);
    state->color_err = wants_color(state->globals, STDERR_FILENO);
    if (parsed) {
        if (parsed->request != detail::Parsed::Request::run)
            return run_request(*parsed, context, *state, *root, json);
        state->settings = std::move(parsed->configuration.settings);
        return run_parsed(std::move(*parsed), std::move(state));
    }
    // Whether or not that was understood: an error is to have the form that was asked for.
    state->globals.json = json;
    state->command = detail::full_name(parsed.error().path);
    context.report(parsed.error().error);
    return context.exit_code();
}

} // namespace

namespace {

/// A limit on data (ulimit -d) counts the stacks of threads whole, and the usual 8 MiB of each are
/// more than all that a tool has in memory.
void limit_stacks() {
    constexpr std::size_t kStackBytes = std::size_t{2} << 20;
    pthread_attr_t attributes;
    if (::pthread_attr_init(&attributes) != 0)
        return;
    if (::pthread_attr_setstacksize(&attributes, kStackBytes) == 0)
        (void)::pthread_setattr_default_np(&attributes); // else they stay as they are
    (void)::pthread_attr_destroy(&attributes);
}

} // namespace

int run_tool(int argc, char** argv, const ToolSpec& spec) {
    reserve_standard_streams();
    set_up_signals();
    limit_stacks();
    apply_cpu_variable();
    apply_temporary_folder();
    try {
        const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
        const bool json = std::ranges::find(arguments, "--json") != arguments.end();
        detail::prepare_last_words(spec.name, {}, json);
        return run_arguments(arguments, spec, json);
    } catch (const std::bad_alloc&) {
        return detail::say_out_of_memory();
    }
}

} // namespace codex::cli
