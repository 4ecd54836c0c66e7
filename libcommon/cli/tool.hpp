// The command line that all tools share (codex-pipes(7)): options, records,
// exit codes, errors, progress. A tool declares a tree of commands and calls run_tool().
//
// This is a thin face over CLI11, so that only cli/*.cpp pays for its headers, and so that man
// pages, completions and --help can be checked against one tree.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/progress.hpp"
#include "base/thread_pool.hpp"
#include "codec/cid.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace codex::cli {

class Context;

/// A duration, size, expiry or CID is taken as text by the option and parsed with base/units.hpp;
/// these types say which, so that --help names the unit and bad values exit with 64.
struct SizeValue {
    std::uint64_t bytes = 0;
    bool given = false;
};
struct DurationValue {
    std::uint64_t seconds = 0;
    bool given = false;
};
struct ExpiryValue {
    std::uint64_t unix_seconds = 0;
    bool given = false;
};

/// One tool or subcommand. Targets of options must outlive run_tool() (static storage or owned by
/// the run function's closure through a shared_ptr).
class Command {
public:
    /// Adds a subcommand. `summary` is one line, lower case, no full stop.
    Command& command(std::string name, std::string summary);
    /// A line for the EXAMPLES part of --help; every leaf command has at least one.
    Command& example(std::string line);

    /// `names` as in CLI11: "-k", "--name", "-o,--output"; for --help the name of the value may
    /// follow a blank: "--until WHEN". An option is given at most once, but for vectors, where each
    /// time adds one.
    Command& flag(const std::string& names, bool& target, const std::string& help);
    Command& option(const std::string& names, std::string& target, const std::string& help);
    Command& option(const std::string& names, std::optional<std::string>& target,
                    const std::string& help);
    Command& option(const std::string& names, std::vector<std::string>& target,
                    const std::string& help);
    Command& option(const std::string& names, std::uint64_t& target, const std::string& help);
    Command& option(const std::string& names, std::optional<std::uint64_t>& target,
                    const std::string& help);
    Command& option(const std::string& names, SizeValue& target, const std::string& help);
    Command& option(const std::string& names, DurationValue& target, const std::string& help);
    Command& option(const std::string& names, ExpiryValue& target, const std::string& help);
    /// One of `choices`.
    Command& choice(const std::string& names, std::string& target,
                    const std::vector<std::string>& choices, const std::string& help);
    /// Positional arguments, upper-case `name` ("CID", "FILE").
    Command& argument(const std::string& name, std::string& target, const std::string& help,
                      bool required = true);
    Command& arguments(const std::string& name, std::vector<std::string>& target,
                       const std::string& help, bool required = false);

    /// The command makes one stream (bytes, a picture, a document): it takes -o FILE, which is
    /// opened before the command runs, and appears only when it has succeeded. Other commands
    /// refuse -o.
    Command& takes_output();
    /// The command deletes: it takes -n/--dry-run. Other commands refuse -n.
    Command& takes_dry_run();
    /// The command goes through its inputs with for_each(), and it pays to have several of them in
    /// flight: it takes --unordered. Other commands refuse it.
    Command& takes_unordered();
    /// The command looks things up: it takes --batch and --buffer. Other commands refuse them.
    Command& takes_batch();

    /// What the command does. Returns the exit code (0 or 1) or an error, which is printed.
    Command& run(std::function<Result<int>(Context&)> body);

    struct Node;
    explicit Command(std::shared_ptr<Node> node);

private:
    std::shared_ptr<Node> node_;
};

/// One line of output: TAB-separated in text, an object with "type" in --json. In text, a TAB, a
/// line end, a backslash or another control character inside a value is written as \t, \n, \\ or
/// \xHH, so that a line stays a record whatever a file is called.
class Record {
public:
    explicit Record(std::string type);
    /// A column in text, a member in JSON.
    Record& field(std::string_view name, std::string_view value);
    Record& field(std::string_view name, const Cid& cid);
    Record& field(std::string_view name, std::uint64_t value);
    /// Bytes: hex in text, 0x and hex in JSON (codex-pipes(7), STREAMS).
    Record& hex(std::string_view name, BytesView bytes);
    /// Only in JSON.
    Record& json_hex(std::string_view name, BytesView bytes);
    Record& json(std::string_view name, std::string_view value);
    /// Without it a literal would be taken for a bool.
    Record& json(std::string_view name, const char* value);
    Record& json(std::string_view name, const Cid& cid);
    Record& json(std::string_view name, std::uint64_t value);
    Record& json(std::string_view name, bool value);
    Record& json(std::string_view name, std::nullptr_t);
    Record& json(std::string_view name, const std::vector<std::uint64_t>& values);
    Record& json(std::string_view name, const std::vector<std::string>& values);
    /// `raw` is JSON text already (a nested object).
    Record& json_raw(std::string_view name, std::string_view raw);
    /// Only in text.
    Record& text(std::string_view value);

    [[nodiscard]] std::string as_text() const;
    [[nodiscard]] std::string as_json() const;

private:
    std::string type_;
    std::vector<std::string> columns_;
    std::vector<std::pair<std::string, std::string>> members_; // name, JSON text
};

/// Items from the arguments, or one per line from stdin (codex-pipes(7), STREAMS): the first
/// blank-separated field, or the "cid" of a line that starts with '{'. Lines are read as they
/// arrive, so a pipe streams. Summary and progress objects among the lines are passed over; lines
/// end with LF or CRLF, and have at most 1 MiB.
class Inputs {
public:
    /// `name` is what error texts call the lines' source.
    Inputs(std::vector<std::string> arguments, int stdin_fd, std::string name = "stdin");
    /// These and no others: "-" is an item like the rest.
    [[nodiscard]] static Inputs exactly(std::vector<std::string> items);
    /// That nothing comes is no error then.
    void may_be_empty() { may_be_empty_ = true; }
    /// The next item, or nothing at the end. Errors: io; json_invalid, malformed and limit_exceeded
    /// with the line number; usage when no argument was given and stdin is a terminal; input_empty
    /// when it ended without an item.
    [[nodiscard]] Result<std::optional<std::string>> next();
    /// The only item, a CID. Errors: usage when there is none or a second; those of next().
    [[nodiscard]] Result<std::string> only_cid();

private:
    Result<std::optional<std::string>> next_line();
    /// The item of a line; nothing of one that is passed over.
    Result<std::optional<std::string>> item_of(const std::string& line) const;
    Result<std::optional<std::string>> item_of_json(const std::string& line) const;

    std::vector<std::string> arguments_;
    bool exact_ = false;
    bool may_be_empty_ = false;
    bool any_ = false; // an item was given out
    std::size_t position_ = 0;
    int fd_;
    std::string name_;
    bool reading_ = false;
    std::string buffer_;
    std::size_t start_ = 0; // of what is left of buffer_
    std::uint64_t line_ = 0;
    bool ended_ = false;
};

/// What a running command may touch, and the global flags.
class Context {
public:
    [[nodiscard]] const std::string& tool() const;
    /// -r, else $CODEX_REPO, else $XDG_DATA_HOME/codex, else ~/.local/share/codex. Errors:
    /// config_invalid when there is none of these.
    [[nodiscard]] Result<std::string> repo_path() const;
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
    [[nodiscard]] bool color() const; ///< stdout may be coloured (--color, NO_COLOR, tty)
    /// Milliseconds since the tool started, for summaries.
    [[nodiscard]] std::uint64_t elapsed_ms() const;
    [[nodiscard]] ThreadPool& pool(); ///< sized by -j, made on first use

    /// Writes the record to stdout, whole and at once (with --buffer: a few of them together). With
    /// -o FILE and no binary_output() before: to FILE. `after` is text that belongs to it. Any
    /// thread. Errors: io.
    [[nodiscard]] Result<void> print(const Record& record, std::string_view after = {});
    /// Writes raw text (a picture, a manifest); where to and how as print().
    [[nodiscard]] Result<void> print_text(std::string_view text);
    /// Adds to a number of the summary that ends --json output; 0 makes it appear. The summary has
    /// the number of records and of reported failures, and the time, without being asked. Any
    /// thread.
    void add_total(std::string_view name, std::uint64_t count);
    /// Says something in the summary that is no number.
    void note_total(std::string_view name, bool value);
    /// Where binary data goes: stdout, or FILE of -o. Errors: usage with a hint when stdout is a
    /// terminal and -o - was not said.
    [[nodiscard]] Result<int> binary_output();
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
    /// It ran as it should, and the answer is no: the exit code is 1, or higher. Any thread.
    void answer_no();
    /// The highest exit code reported so far, or `otherwise`.
    [[nodiscard]] int exit_code(int otherwise = 0) const;
    void warn(std::string_view text);
    /// With -v only.
    void inform(std::string_view text);

    /// Shows `progress` under `label` until the returned handle dies (codex-pipes(7), OPTIONS:
    /// after 0.5 s, on a foreground terminal, or as --progress says; SIGUSR1 prints one line).
    struct ProgressView;
    [[nodiscard]] std::shared_ptr<ProgressView> show(const Progress& progress, std::string label);

    struct State;
    explicit Context(std::shared_ptr<State> state);

private:
    friend class Records;
    friend Error about_item(const Context& context, std::string_view item, Error error);
    std::shared_ptr<State> state_;
};

/// `error`, which ends a command, about the input `item`: named before the text, unless the text
/// does it itself.
[[nodiscard]] Error about_item(const Context& context, std::string_view item, Error error);

/// Records that come by the million: whole lines together, at most PIPE_BUF bytes a write.
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

/// How a command goes through its inputs.
struct Loop {
    std::string label; ///< before the progress
    /// Called when the first input has come: the place to open the repo, which the tool before this
    /// one in a pipe may be about to make. Its failure is the loop's.
    std::function<Result<void>()> begin;
    /// One input's turn. A failure is reported under the input's name, and the next one follows,
    /// unless --fail-fast. With --unordered, several turns run at once, each in a thread of its
    /// own, and print as they finish.
    std::function<Result<void>(const std::string& item, Progress& progress)> turn;
};
/// Runs the loop over `inputs` and shows its progress. Gives the exit code so far. Errors: those of
/// `begin` and of reading the list itself.
[[nodiscard]] Result<int> for_each(Context& context, Inputs inputs, const Loop& loop);

/// The same where every turn needs one thing, a repo: `open()` gives it when the first input has
/// come, and `turn(opened, item, progress)` takes it.
template <class Open, class Turn>
[[nodiscard]] Result<int> for_each_in(Context& context, Inputs inputs, const std::string& label,
                                      const Open& open, const Turn& turn) {
    std::optional<typename std::invoke_result_t<Open>::value_type> opened;
    const auto begin = [&]() -> Result<void> {
        auto result = open();
        if (!result)
            return fail(std::move(result).error());
        opened.emplace(std::move(*result));
        return {};
    };
    return for_each(context, std::move(inputs),
                    {label, begin, [&](const std::string& item, Progress& progress) {
                         return turn(*opened, item, progress);
                     }});
}

/// A tool's own description.
struct ToolSpec {
    std::string name;    ///< "codex-chunk"
    std::string summary; ///< one line
    std::function<void(Command& root)> declare;
};

/// Parses, runs, prints the error if there is one, and gives the process exit code. Adds the flags
/// every tool has (codex-pipes(7), OPTIONS), --help, --version, and the `completion bash|zsh|fish`
/// subcommand made from the same tree. `--dump-commands` (hidden) prints the tree as JSON for the
/// tests that hold man pages and completions against it.
int run_tool(int argc, char** argv, const ToolSpec& spec);

} // namespace codex::cli
