// How requests are called in their lines.
#pragma once

#include "node/control.hpp"

#include <array>

namespace codex::node::detail {

/// In the order of Ask.
constexpr std::array<std::string_view, 11> kAsks = {"health", "peers", "limits", "connect",
                                                    "ping",   "fetch", "reload", "stop",
                                                    "record", "find",  "provide"};

constexpr std::string_view ask_name(Ask ask) {
    return kAsks[static_cast<std::size_t>(ask)];
}

} // namespace codex::node::detail
