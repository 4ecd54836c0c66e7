// Which of the kernel sets of kernels.hpp run on this machine.
#pragma once

#include "erasure/detail/kernels.hpp"

#include <vector>

namespace codex::erasure::detail {

/// The fastest set this process may use (base/cpu.hpp).
[[nodiscard]] const KernelSet& best_kernels();

/// All sets this process may use, the fastest last.
[[nodiscard]] std::vector<const KernelSet*> usable_kernels();

} // namespace codex::erasure::detail
