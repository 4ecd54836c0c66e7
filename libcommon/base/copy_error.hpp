// Errors are moved, not copied, but for one that several are told.
#pragma once

#include "base/error.hpp"

namespace codex {

/// The same error once more.
[[nodiscard]] inline Error copy_of(const Error& error) {
    return Error(error.code(), error.text()).way_out_of(error);
}

} // namespace codex
