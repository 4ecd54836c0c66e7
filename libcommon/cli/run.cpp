#include "base/log.hpp"
#include "cli/detail/describe.hpp"
#include "cli/detail/parse.hpp"
#include "cli/detail/signals.hpp"
#include "cli/detail/state.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace codex::cli {

namespace {

/// Makes sure that 0, 1 and 2 are taken, so that no file of the repo is opened as "stdout". They
/// are opened the wrong way round: using a stream that was closed is still an error.
void reserve_standard_streams() {
    for (const int fd : {0, 1, 2}) {
        if (::fcntl(fd, F_GETFD) != -1)
            continue;
        const int opened = ::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
        if (opened >= 0 && opened != fd) {
            ::dup2(opened, fd);
            ::close(opened);
        }
    }
}

bool wants_color(const detail::Globals& globals, int fd) {
    if (globals.color != "auto")
        return globals.color == "always";
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    return (no_color == nullptr || *no_color == '\0') && ::isatty(fd) == 1 &&
           (term == nullptr || std::string_view(term) != "dumb");
}

Result<void> configure_log(const detail::Globals& globals, bool color) {
    log::Options options;
    options.format = globals.log_format == "json" ? log::Format::json : log::Format::text;
    options.color = color;
    options.directives = "warn";
    if (globals.quiet)
        options.directives = "error";
    else if (globals.verbose > 1)
        options.directives = globals.verbose > 2 ? "trace" : "debug";
    CODEX_CHECK(log::configure(options));
    if (globals.log_level.empty())
        return {};
    auto done = log::set_levels(globals.log_level);
    if (!done)
        return fail(std::move(done).error().context("--log-level"));
    return {};
}

/// The command every tool has: its completion script.
void declare_completion(Command& root, std::shared_ptr<Command::Node> tree) {
    const auto shell = std::make_shared<std::string>();
    root.command("completion", "print a completion script for a shell")
        .argument("SHELL", *shell, "bash, zsh or fish")
        .example(fmt::format("{} completion bash > ~/.local/share/bash-completion/completions/{}",
                             tree->name, tree->name))
        .run([shell, node = std::weak_ptr(tree)](Context& context) -> Result<int> {
            if (*shell != "bash" && *shell != "zsh" && *shell != "fish")
                return fail(Errc::usage, "'{}' is none of bash, zsh, fish", *shell);
            CODEX_CHECK(context.print_text(detail::completion_text(*node.lock(), *shell)));
            return 0;
        });
}

int finish(Context& context, Context::State& state, Result<int> result) {
    if (!result) {
        context.report(result.error());
        return context.exit_code();
    }
    // After a failed input there may still be a whole result of the others, but a stream that
    // lacks a part is not worth a name.
    const int code = std::max(*result, context.exit_code());
    if (code != 0)
        return code;
    if (auto done = state.commit_output(); !done)
        context.report(done.error());
    return context.exit_code();
}

int run_parsed(const detail::Parsed& parsed, std::shared_ptr<Context::State> state,
               const Command::Node& root) {
    Context context(state);
    using Request = detail::Parsed::Request;
    std::string text;
    switch (parsed.request) {
    case Request::help:
        text = detail::help_text(parsed.path);
        break;
    case Request::version:
        text = detail::version_text(root.name);
        break;
    case Request::dump_commands:
        text = detail::dump_text(root);
        break;
    case Request::run:
        break;
    }
    if (parsed.request != Request::run) {
        auto done = context.print_text(text);
        return finish(context, *state, done ? Result<int>(0) : fail(std::move(done).error()));
    }
    state->takes_output = parsed.path.back()->takes_output;
    if (auto done = configure_log(state->globals, state->color_err); !done) {
        context.report(done.error());
        return errc_exit_code(Errc::usage);
    }
    return finish(context, *state, parsed.path.back()->body(context));
}

} // namespace

int run_tool(int argc, char** argv, const ToolSpec& spec) {
    reserve_standard_streams();
    detail::set_up_signals();
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);

    auto root = std::make_shared<Command::Node>();
    root->name = spec.name;
    root->summary = spec.summary;
    Command command(root);
    spec.declare(command);
    declare_completion(command, root);

    auto state = std::make_shared<Context::State>();
    state->tool = spec.name;
    // Before the line is understood: an error in it, too, is to have the form that was asked for.
    const bool json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
    auto globals = detail::globals_from_environment();
    Context context(state);
    if (!globals) {
        state->globals.json = json;
        context.report(globals.error());
        return errc_exit_code(Errc::usage);
    }
    state->globals = std::move(*globals);
    const auto parsed = detail::parse(*root, state->globals, arguments);
    state->color_out = wants_color(state->globals, STDOUT_FILENO);
    state->color_err = wants_color(state->globals, STDERR_FILENO);
    if (!parsed) {
        state->globals.json = json;
        const detail::Misuse& misuse = parsed.error();
        Error error(Errc::usage, misuse.error.text());
        const std::string help = fmt::format("try '{} --help'", detail::full_name(misuse.path));
        const std::string hint(misuse.error.hint());
        context.report(std::move(error).hint(hint.empty() ? help : hint + "; " + help));
        return errc_exit_code(Errc::usage);
    }
    return run_parsed(*parsed, std::move(state), *root);
}

} // namespace codex::cli
