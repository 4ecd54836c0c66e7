// Running another program for its answer, as an interface: those of the system are in
// base/system_programs.hpp.
#pragma once

#include "base/error.hpp"
#include "base/event_loop.hpp"

#include <string>
#include <vector>

namespace codex {

/// What a program may take. Where it wants more it is refused that, or ended.
struct ProgramLimits {
    std::uint64_t memory_bytes = std::uint64_t{512} << 20; ///< of addresses, its own code counted
    std::uint64_t cpu_seconds = 5;
    std::uint64_t descriptors = 64;
    std::size_t output_bytes = std::size_t{64} << 10;
};

struct Program {
    std::string path;                   ///< of the file; nobody looks for it elsewhere
    std::vector<std::string> arguments; ///< what it is called in front
    ProgramLimits limits{};
};

struct ProgramEnd {
    int status = 0;     ///< of exit(); 128 and the signal, when one has ended it
    std::string output; ///< all that came on its stdout
};

/// Threads: the loop's.
class Programs {
public:
    virtual ~Programs() = default;
    /// Runs it to its end, with nothing on its stdin. It is ended where the task is destroyed.
    /// Errors: timeout, when it has not ended at `until`; limit_exceeded, when it says more than it
    /// may; no_space, when there may be no more processes; files_exhausted; io. However it goes, it
    /// runs no more. That there is no such program, or that it may not be run, is a status of 127.
    [[nodiscard]] virtual Task<Result<ProgramEnd>> run(Program program, Clock::Instant until) = 0;
};

} // namespace codex
