// The two ends of a pipe(7).
#pragma once

#include "base/fd.hpp"

namespace codex {

struct Pipe {
    Fd read;
    Fd write;
};

/// Neither end outlives an exec(2). Errors: system_error of "make a pipe".
[[nodiscard]] Result<Pipe> make_pipe();

} // namespace codex
