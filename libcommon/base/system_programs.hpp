// Programs of this host, each in a process that is bounded from outside.
#pragma once

#include "base/programs.hpp"
#include "base/system_network.hpp"

#include <optional>
#include <sys/types.h>

namespace codex {

namespace detail {
class Descriptor;
}

/// A program that runs here has no descriptor of this process but a pipe for its stdout (stdin is
/// empty, and stderr goes nowhere), nothing of its environment, its signals as they are at first,
/// no right to write files, a group of processes of its own, and the limits that its caller gives.
/// It is killed, with its group, when its time is over, when it says too much, when nobody waits
/// for it any more, and when the thread that began it ends. Nothing here waits for it, nor for its
/// end. Threads: that of the loop, which lives as long as the process does.
class SystemPrograms final : public Programs {
public:
    /// `loop` outlives it.
    explicit SystemPrograms(SystemLoop& loop);
    /// Ends those that run.
    ~SystemPrograms() override;

    [[nodiscard]] Task<Result<ProgramEnd>> run(Program program, Clock::Instant until) override;
    /// Processes that have not ended, or have and are still in the system's table. For tests.
    [[nodiscard]] std::size_t running() const { return tasks_.size(); }

private:
    struct Process;
    class Killer;
    static Task<void> reap(std::shared_ptr<Process> process);
    [[nodiscard]] Result<std::shared_ptr<Process>> begin(const Program& program);

    SystemLoop& loop_;
    TaskGroup tasks_;
};

/// Refuses this process more addresses than that, its code counted, from now on: as ProgramLimits,
/// for a program that bounds itself. It does nothing where a sanitizer needs them.
void bound_own_memory(std::uint64_t bytes);

} // namespace codex
