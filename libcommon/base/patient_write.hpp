// Writing to whoever may have stopped reading.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <chrono>

namespace codex {

/// Whether a pipe, a terminal or a socket has room now; a file always has.
[[nodiscard]] bool is_taken(int fd);

/// Writes `from` in pieces that a pipe takes whole (PIPE_BUF), each once there is room for it,
/// which is waited for no longer than `patience`. Gives how many bytes were written: fewer, where
/// there was none. Only where others write to the same pipe at that moment may it wait for longer.
/// Errors: those of write_full().
[[nodiscard]] Result<std::size_t> write_if_taken(int fd, BytesView from, std::string_view name,
                                                 std::chrono::milliseconds patience);

} // namespace codex
