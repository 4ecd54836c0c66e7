// What the system says of sockets, as errors.
#pragma once

#include "base/error.hpp"

namespace codex::detail {

/// `number` is an errno; `what` was tried. Gives address_in_use, files_exhausted,
/// out_of_memory, permission, unavailable (refused, broken, no way there), limit_exceeded (a
/// datagram too long), io.
[[nodiscard]] Error socket_error(int number, std::string_view what);

} // namespace codex::detail
