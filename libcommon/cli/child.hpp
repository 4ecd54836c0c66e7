// Another program that works for this one, as its child.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"

#include <memory>
#include <optional>
#include <string>

namespace codex::cli {

/// How a child has ended.
struct ChildEnd {
    int status = 0;        ///< of exit(); 128 and the signal, when one has ended it
    bool was_told = false; ///< by us, for it had not ended by itself
    /// The last line that it wrote to its stderr, or the last that is an error of a tool of ours,
    /// which has its hint behind it.
    std::string last_line;
};

/// A command that the shell runs, with pipes to its stdin and from its stdout. What it says on
/// stderr goes to ours at once. Signals are as they are for a program that a shell starts.
/// Threads: one at a time.
class Child {
public:
    /// Errors: out_of_memory (no threads to be had), no_space, io.
    [[nodiscard]] static Result<Child> start(const std::string& command);
    /// Ends it as end() does.
    ~Child();
    Child(Child&&) noexcept;
    Child& operator=(Child&&) = delete;

    /// What it writes, and what it reads; each is taken once.
    [[nodiscard]] Fd take_stdout();
    [[nodiscard]] Fd take_stdin();
    /// Waits until it has ended and all it said was passed on; once its pipes are closed most
    /// programs do. After `patience` it is told to (SIGTERM), after as long again it is killed; who
    /// holds its stderr open beyond that is not waited for.
    [[nodiscard]] ChildEnd end(Clock::Duration patience = std::chrono::seconds(2));

private:
    struct Impl;
    explicit Child(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace codex::cli
