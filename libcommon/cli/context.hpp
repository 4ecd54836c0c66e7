// What a running command uses: the flags every tool has, output, messages, progress.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_writer.hpp"
#include "base/log.hpp"
#include "base/progress.hpp"
#include "base/thread_pool.hpp"
#include "cli/record.hpp"
#include "cli/settings.hpp"

#include <functional>
#include <memory>
#include <string>

namespace codex::cli {

class Command;

/// What a running command may touch, and the global flags.
/// Threads: calls that only ask, and those that say so, from any thread, at once; others from the
/// one that runs the command.
class Context {
public:
    [[nodiscard]] const std::string& tool() const;
    /// -r, else $CODEX_REPO, else $XDG_DATA_HOME/codex, else ~/.local/share/codex. Errors:
    /// config_invalid when there is none of these.
    [[nodiscard]] Result<std::string> repo_path() const;
    /// From now on it is this one, whatever says another.
    void use_repo(std::string path);
    /// An option that is a setting, too ("repo"), stands on the command line.
    [[nodiscard]] bool given(std::string_view option) const;
    [[nodiscard]] bool json() const;
    [[nodiscard]] bool quiet() const;
    [[nodiscard]] bool verbose() const;
    [[nodiscard]] bool dry_run() const;
    [[nodiscard]] bool sync() const; ///< false after --no-sync
    [[nodiscard]] bool fail_fast() const;
    [[nodiscard]] bool unordered() const; ///< of a command with takes_unordered()
    [[nodiscard]] bool batch() const;     ///< of a command with takes_batch()
    [[nodiscard]] std::uint64_t lock_timeout_seconds() const;
    /// -o/--output FILE of a command with takes_output(); empty: stdout.
    [[nodiscard]] const std::string& output_path() const;
    /// Of the terminal that stdout is, else $COLUMNS, else 80.
    [[nodiscard]] std::size_t columns() const;
    [[nodiscard]] bool color() const; ///< stdout may be coloured (--color, NO_COLOR, tty)
    /// The clock that everything this tool does goes by.
    [[nodiscard]] const Clock& clock() const;
    /// Reads the command line, the environment and the configuration file again, as when the tool
    /// began, into what `declare` declares of its commands; and, when that and `check` are content,
    /// takes over the levels of the log. Gives the names of the settings that are not what they
    /// were then. Errors: those of when the tool began, and of `check`.
    [[nodiscard]] Result<std::vector<std::string>>
    reread(const std::function<void(Command& root)>& declare,
           const std::function<Result<void>()>& check);
    /// Sets the levels of the log from now on, as log::Output::set_levels(). Errors:
    /// argument_invalid. Any thread.
    [[nodiscard]] Result<void> set_log_levels(std::string_view directives);
    /// As they were set last. Any thread.
    [[nodiscard]] std::string log_levels() const;
    /// All settings as they were when the tool began, the configuration file first.
    [[nodiscard]] const std::vector<Setting>& settings() const;
    /// What an error's hint and remedies are in commands, as a person reads it; empty: it has none.
    /// Any thread.
    [[nodiscard]] static std::string hint_of(const Error& error);
    /// As log::Output::set_listener(), of the log of this process. Any thread.
    void set_log_listener(std::shared_ptr<log::Listener> listener);
    /// Where this process logs to, as --log-level and --log-format say.
    [[nodiscard]] const log::Logger& log() const;
    /// Milliseconds since the tool started, for summaries.
    [[nodiscard]] std::uint64_t elapsed_ms() const;
    [[nodiscard]] ThreadPool& pool(); ///< sized by -j, made on first use

    /// Writes the record to stdout, whole and at once (with --buffer: a few of them together). With
    /// -o FILE and no binary_output() before: to FILE. Where binary_output() gave stdout: as JSON
    /// to stderr, as text nowhere. `after` is text that belongs to it. Any thread. Errors: io.
    [[nodiscard]] Result<void> print(const Record& record, std::string_view after = {});
    /// Writes raw text (a picture, a manifest); where to and how as print().
    [[nodiscard]] Result<void> print_text(std::string_view text);
    /// Adds to a number of the summary that ends --json output; 0 makes it appear. The summary has
    /// the number of records and of reported failures, and the time, without being asked. Any
    /// thread.
    void add_total(std::string_view name, std::uint64_t count);
    /// Says something in the summary that is no number.
    void note_total(std::string_view name, bool value);
    /// Says there JSON that was written already, in place of what was said before.
    void note_total_json(std::string_view name, std::string raw);
    /// Where binary data goes: stdout, or FILE of -o. Errors: usage with a hint when stdout is a
    /// terminal and -o - was not said.
    [[nodiscard]] Result<int> binary_output();
    /// Of every file that a user names for a result: what is in the repo is the repo's own. -o FILE
    /// has been asked already. Errors: cannot_create.
    [[nodiscard]] Result<void> require_outside_of_repo(const std::string& path) const;
    /// Gives -o FILE its name now, and not only when the command ends: for what may be said only
    /// when the file is there. Nothing more is written to it. Errors: io, no_space.
    [[nodiscard]] Result<void> commit_output();
    /// Whether that is an empty file of its own, where any offset can be written to.
    [[nodiscard]] bool output_is_new_file() const;
    /// Writes to where binary_output() points; with --buffer a few answers together. Errors: io.
    [[nodiscard]] Result<void> write(BytesView bytes);

    /// "TOOL: error: text" and "TOOL: hint: ..." on stderr (with --json, an object); remembers the
    /// highest exit code, so that a command over several inputs can go on. With --fail-fast gives
    /// false: stop. Any thread.
    bool report(const Error& error);
    bool report(std::string_view item, const Error& error);
    /// The same; with --json the object has the members of `more`, too.
    bool report(std::string_view item, const Error& error, const Record& more);
    /// The command that runs, with the options that it was given and without its arguments: for a
    /// hint that offers it again.
    [[nodiscard]] std::string command_with_options() const;
    /// Writes the members of such an object into one that was begun (write_error()). Any thread.
    void write_error(JsonWriter& json, std::string_view item, const Error& error) const;
    /// From now on the command is about this input alone: the error that ends it is, too.
    void about(std::string_view item);
    /// An error was reported with --fail-fast: no further input is wanted. Any thread.
    [[nodiscard]] bool stopped() const;
    /// It ran as it should, and the answer is no: the exit code is 1, or higher. Any thread.
    void answer_no();
    /// The highest exit code reported so far, or `otherwise`.
    [[nodiscard]] int exit_code(int otherwise = 0) const;
    /// "TOOL: warning: text"; about `item` with that before it, in JSON as the object. Any thread.
    void warn(std::string_view text);
    void warn(std::string_view item, std::string_view text);
    /// With -v only.
    void inform(std::string_view text);
    void inform(std::string_view item, std::string_view text);

    /// Shows `progress` under `label` until the returned handle dies (codex-pipes(7), OPTIONS:
    /// after 0.5 s, on a foreground terminal, or as --progress says; SIGUSR1 prints one line).
    struct ProgressView;
    [[nodiscard]] std::shared_ptr<ProgressView> show(const Progress& progress, std::string label);

    /// What is said beside the numbers of the progress that is shown, from now on: columns of
    /// `more` in its line, members in its JSON. Any thread.
    void note_progress(Record more);

    struct State;
    explicit Context(std::shared_ptr<State> state);

private:
    friend class Records;
    void say(std::string_view type, std::string_view word, std::string_view item,
             std::string_view text);
    std::shared_ptr<State> state_;
};

/// Records that come by the million: whole lines together, at most PIPE_BUF bytes a write.
/// Threads: one at a time.
class Records {
public:
    explicit Records(Context& context) : Records(context, context.json()) {}
    /// `json`: as with --json, also without it (--format json).
    Records(Context& context, bool json) : context_(&context), json_(json) {}
    [[nodiscard]] Result<void> add(const Record& record);
    /// Writes what is left. Before waiting for more, and at the end.
    [[nodiscard]] Result<void> flush();

private:
    Context* context_;
    bool json_;
    std::string text_;
    std::uint64_t count_ = 0;
};

} // namespace codex::cli
