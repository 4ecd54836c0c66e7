// libsodium wants to be asked once before it is used: it picks what fits this processor then.
#pragma once

namespace codex::net::detail {

/// Costs nothing after the first call. Threads: any.
void prepare_sodium();

} // namespace codex::net::detail
