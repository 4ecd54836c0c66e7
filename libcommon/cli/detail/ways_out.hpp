// Which ways out of an error are none.
#pragma once

#include "cli/detail/state.hpp"

namespace codex::cli::detail {

/// The error with those of its ways out that lead on: neither what just ended with it, the command
/// that runs, nor a command so long that nobody would type it (kMostSaid), for a word without end
/// stands in it.
[[nodiscard]] Error ways_out_that_lead_on(const Context::State& state, const Error& error);

} // namespace codex::cli::detail
