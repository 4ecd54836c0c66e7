// Where the content of a dataset goes while it is fetched.
#pragma once

#include "base/fd_stream.hpp"
#include "base/output_file.hpp"
#include "serve.hpp"

#include <memory>
#include <optional>

namespace codex::serve_tool {

/// What --to names: nothing, stdout, a file that gets its name at the end, a device or a FIFO.
/// Threads: one at a time.
class ContentFile {
public:
    ContentFile() = default; ///< nothing
    /// Opens what `to` names; `-`, and what leads to where stdout does, is stdout, which has
    /// nothing else then. A FIFO is waited for until somebody begins to read it, but no longer than
    /// `until`. Errors: usage, when stdout is a terminal; cannot_create, also for what is in the
    /// repo; permission, no_space; timeout.
    [[nodiscard]] static Result<ContentFile> open(cli::Context& context, const std::string& to,
                                                  const Deadline& until);

    /// What it is, in errors; empty: nothing.
    [[nodiscard]] std::string name() const { return sink_ ? std::string(sink_->name()) : ""; }
    /// The error is one of writing to it.
    [[nodiscard]] bool is_about(const Error& error) const;

    /// Null where the content goes nowhere.
    [[nodiscard]] ByteSink* sink() const { return sink_.get(); }
    [[nodiscard]] bool is_stdout() const { return sink_ && !file_; }
    /// All of it is there: a file gets its name. Errors: io, no_space.
    [[nodiscard]] Result<void> commit();

private:
    std::optional<OutputFile> file_;
    std::unique_ptr<FdSink> sink_;
};

/// Writes to a pipe that nobody reads any more are errors meanwhile, and no end of the process:
/// what has come is to be kept first.
/// Threads: the process has one disposition of signals; one of these at a time.
class PipesBreakGently {
public:
    PipesBreakGently();
    PipesBreakGently(const PipesBreakGently&) = delete;
    PipesBreakGently& operator=(const PipesBreakGently&) = delete;
    ~PipesBreakGently();

    /// Ends the process as the broken pipe would have, if there is one.
    void end_if_broken() const;

private:
    void (*before_)(int);
};

} // namespace codex::serve_tool
