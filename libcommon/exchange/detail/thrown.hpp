// What a task has thrown, as the error of whoever it works for.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"

#include <exception>
#include <new>

namespace codex::exchange::detail {

/// After which a task that must not end begins anew.
constexpr Clock::Duration kAfterThrown = std::chrono::seconds(1);

/// Errors: out_of_memory() for want of memory; internal for a mistake.
[[nodiscard]] inline Error error_of(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::bad_alloc&) {
        return out_of_memory();
    } catch (const std::exception& other) {
        return {Errc::internal, other.what()};
    }
}

} // namespace codex::exchange::detail
