// Where a command's binary result goes.
#pragma once

#include "base/fd_stream.hpp"
#include "cli/context.hpp"

namespace codex::toolkit {

/// stdout, or FILE of -o; the context must outlive it. Errors: as Context::binary_output(); io.
[[nodiscard]] Result<FdSink> binary_sink(cli::Context& context);

} // namespace codex::toolkit
