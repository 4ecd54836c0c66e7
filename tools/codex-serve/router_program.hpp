// codex-serve router as a program of its own, for a node (codex-libp2p(7), WAYS IN).
#pragma once

#include "net/nat/process_mapper.hpp"

namespace codex::serve_tool {

/// This program, told to ask a router that, and to say the answer in JSON.
[[nodiscard]] Program program_for(const net::nat::RouterQuestion& question);

} // namespace codex::serve_tool
