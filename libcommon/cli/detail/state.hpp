// What a Context holds, and the one place that writes to stderr.
#pragma once

#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/context.hpp"
#include "cli/detail/globals.hpp"
#include "cli/settings.hpp"

#include <mutex>
#include <optional>

namespace codex::cli {

namespace detail {

/// stderr, shared by messages and the progress line: a message first wipes the line that is being
/// drawn.
class Stderr {
public:
    /// Writes `text` (with its line end) at once.
    void message(std::string_view text);
    /// Draws `line` in place of the one drawn before.
    void draw(std::string_view line);
    /// Runs `write`, which writes to the same terminal, where a drawn line has been taken away
    /// first and none is drawn meanwhile. Gives what it gives.
    template <class Write> auto beside(const Write& write) {
        const std::lock_guard lock(mutex_);
        wipe();
        return write();
    }
    /// Draws nothing any more: the terminal is about to be another's.
    void stop_drawing();
    /// Takes the drawn line away, or ends it, so that it stays.
    void end_drawing(bool keep);

private:
    void put(std::string_view text);
    void wipe();
    std::mutex mutex_;
    bool drawn_ = false;
    bool stopped_ = false;
};

/// A member of the summary.
struct Total {
    std::string name;
    std::uint64_t count = 0;
    bool flag = false; ///< true or false, and no number
    std::string raw{}; ///< JSON, and neither
};

} // namespace detail

struct Context::State {
    std::string tool;
    std::string command; ///< with the tool's name, as far as it is known: "codex-chunk block get"
    const Command::Node* node = nullptr; ///< of the command
    std::vector<std::string> arguments;  ///< the whole command line behind the tool's name
    const Clock& clock = process_clock();
    Clock::Instant started = clock.now();
    log::Logger log;                         ///< of this process; set up when its options are known
    std::shared_ptr<log::Output> log_output; ///< of it
    std::string log_levels;                  ///< where no setting says others
    std::mutex levels_mutex;                 ///< of the next
    std::string levels_now;                  ///< as they were set last
    detail::Globals globals;
    std::vector<Setting> settings; ///< with their origins, for `config`
    bool takes_output = false;
    detail::Stderr err;
    bool color_out = false;
    bool color_err = false;
    bool out_is_terminal = false;

    /// Apart from the others, for a progress is shown also while stdout takes nothing.
    std::mutex progress_mutex;
    Record progress_more{"progress"}; ///< note_progress()

    /// Of all that follows: with --unordered several turns print and report at once.
    std::mutex mutex;
    int exit_code = 0;
    bool stopped = false; ///< an error, with --fail-fast
    std::string subject;  ///< the one input that the command is about; empty: none in particular
    std::unique_ptr<ThreadPool> pool;
    std::uint64_t records = 0;
    std::uint64_t failures = 0;
    bool json_records = false; ///< printed as JSON without --json
    std::vector<detail::Total> totals;
    std::string held; ///< --buffer
    int held_for = -1;

    std::optional<OutputFile> output; ///< -o FILE, open from the start
    bool binary = false;              ///< binary_output() was asked for: records go to stdout

    /// Opens -o FILE, before the work begins. Errors: OutputFile::open()'s; cannot_create, also for
    /// what is in the repo.
    [[nodiscard]] Result<void> open_output();
    /// stdout has the bytes of a result, and nothing else.
    [[nodiscard]] bool stdout_is_taken() const;
    /// Its descriptor, or stdout.
    [[nodiscard]] int output_fd() const;
    /// Writes to where print() and print_text() do, or with --buffer keeps for later; with `mutex`
    /// held. Errors: io.
    [[nodiscard]] Result<void> write(std::string_view text);
    [[nodiscard]] Result<void> write(int fd, BytesView bytes);
    /// Writes to the descriptor at once. Errors: io.
    [[nodiscard]] Result<void> write_now(int fd, BytesView bytes);
    /// Writes what --buffer kept. Errors: io.
    [[nodiscard]] Result<void> flush();
    void total(std::string_view name, std::uint64_t count, bool flag);
    /// The summary, where this command has one.
    [[nodiscard]] Result<void> print_summary(std::uint64_t milliseconds);
    /// Gives -o FILE its name. Errors: io, no_space.
    [[nodiscard]] Result<void> commit_output();
};

namespace detail {

/// Sets the levels of the log as the settings say, else as they are without. Errors: usage,
/// config_invalid, naming where the wrong word stands.
[[nodiscard]] Result<void> apply_log_levels(Context::State& state,
                                            const std::vector<Setting>& settings);
/// Shows them where no setting says others.
void note_log_levels(std::string_view levels, std::vector<Setting>& settings);

/// So many bytes a message has at most of what came, and a hint in all: the longest path. Of what
/// is longer the beginning is shown, and the end of what says what is wrong with it.
constexpr std::size_t kMostSaid = 4096;

/// What is said of an error.
struct Said {
    std::string object; ///< what it is about; empty: nothing in particular
    std::string text;
    std::string hint;             ///< may be empty
    std::vector<Remedy> remedies; ///< what the hint offers
};

/// "codex-chunk: error: ..." and its hint, or the JSON object with the members of `more`, with line
/// ends.
[[nodiscard]] std::string error_lines(const Context::State& state, Errc code, const Said& said,
                                      const Record& more);

/// Text and hint of an error about `item` (empty: about none in particular): where a file, a folder
/// or CID@INDEX stands in the place of a CID, what it is and what to do with it; else the error's
/// own, and where a part is asked for that a dataset does not have, what it has; of a mistake in
/// the command line, where help is. The commands of a hint can be typed: see completed().
[[nodiscard]] Said said_of(const Context::State& state, std::string_view item, const Error& error);

/// `text` with its commands as they are to be typed here: -r DIR behind the name of each codex tool
/// that a command follows, when -r was given; and, where `item` is a dataset or a block of one, the
/// dataset in the place of the word CID.
[[nodiscard]] std::string completed(const Context::State& state, std::string_view text,
                                    std::string_view item);

/// The text says itself what it is about: "ITEM: ...", "open ITEM: ...", "cannot create ITEM: ...",
/// "\"ITEM\" is ...".
[[nodiscard]] bool names(std::string_view text, std::string_view item);

} // namespace detail

} // namespace codex::cli
