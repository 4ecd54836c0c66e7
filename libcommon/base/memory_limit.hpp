// What bounds the memory of this process, for who is told that it was refused.
#pragma once

#include <string>

namespace codex {

/// What lets this process have more memory, as a part of a hint: it names each of the limits on
/// memory that are set (setrlimit(2), RLIMIT_AS and RLIMIT_DATA) by what raises it in a shell.
/// Where none is set, the host has no more, or a container's limit is reached, which no shell
/// raises. Threads: any.
[[nodiscard]] std::string hint_for_more_memory();

} // namespace codex
