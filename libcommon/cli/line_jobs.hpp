// Batch mode of tools that stay (codex-pipes(7), STREAMS): a job a line on stdin, an answer a
// line on stdout, several jobs at a time.
#pragma once

#include "cli/context.hpp"

namespace codex::cli {

struct JobLine {
    std::string text;
    bool too_long = false; ///< longer than a job may be; the text is gone
    std::string place;     ///< where it stands: "stdin line 3"
};

struct JobAnswer {
    std::string name;                          ///< of the job, in messages
    std::string text;                          ///< one line, without its end
    std::optional<Error> error = std::nullopt; ///< of a job that failed; reported beside the answer
};

/// Answers every line of stdin that is a job: not blank, and no summary or progress of --json;
/// until stdin ends. As many threads as -j says take a line each, so that a job waits for no other
/// one; a line is read only when somebody is free to work on it, so whoever writes jobs faster than
/// that waits at the pipe. An answer is printed as soon as it is known, so the order is that of the
/// lines only with -j 1. `answer` runs on any thread, several times at once. With --fail-fast no
/// line is taken after a job that failed. Gives the highest exit code. Errors: io.
[[nodiscard]] Result<int> answer_lines(Context& context, std::size_t max_line_bytes,
                                       const std::function<JobAnswer(const JobLine&)>& answer);

} // namespace codex::cli
