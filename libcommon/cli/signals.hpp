// SIGUSR1, "how far are you", as a descriptor that a thread can wait for.
#pragma once

namespace codex::cli {

/// Installs the handler (without it the signal would end the process) and lets SIGPIPE end the
/// process silently, as a pipe's reader expects.
void set_up_signals();

/// Readable after SIGUSR1 (an eventfd); -1 before set_up_signals().
[[nodiscard]] int progress_request_fd();

} // namespace codex::cli
