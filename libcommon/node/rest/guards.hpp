// What every answer of a node tells browsers, but those of the page (codex-rest(7), WHO MAY ASK).
#pragma once

#include "http/message.hpp"

namespace codex::node::rest {

/// What strangers have stored has the origin of the interface, and must not act on it.
[[nodiscard]] http::Fields guard_fields();
void add_guards(http::Answer& head);

} // namespace codex::node::rest
