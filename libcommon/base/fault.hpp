// Faults that memory itself gives: a mapped file that was cut short, a disk that fails under a
// page, C code that follows a broken pointer out of a damaged file. They end as errors, not as a
// signal.
//
// The handlers of SIGBUS and SIGSEGV are installed on first use, once a process. What is neither in
// a GuardedMapping nor in guarded() goes to whoever handled the signal before, and so ends the
// process as it always would.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <atomic>
#include <csetjmp>
#include <memory>
#include <string_view>
#include <utility>

namespace codex {

namespace detail {
struct MappingSlot;
}

/// The first bytes of a file, mapped to be read. A page that cannot be had, since the file was cut
/// or the disk fails, reads as zeros, as do all that follow it in the mapping; damaged() tells.
/// Moves keep the bytes where they are.
/// Threads: const calls and reading from any thread, at once.
class GuardedMapping {
public:
    GuardedMapping() = default;
    /// Maps `bytes` bytes of `fd`, from its start; 0 is a mapping of nothing. `name` is for the
    /// error text. Errors: the system's; io when more than a thousand mappings are in use.
    [[nodiscard]] static Result<GuardedMapping> map(int fd, std::size_t bytes,
                                                    std::string_view name);
    GuardedMapping(GuardedMapping&& other) noexcept;
    GuardedMapping& operator=(GuardedMapping&& other) noexcept;
    ~GuardedMapping();

    [[nodiscard]] BytesView bytes() const { return bytes_; }
    /// Whether zeros stood in for bytes since it was mapped. To be asked after the bytes were used,
    /// by whoever answers for what was made of them.
    [[nodiscard]] bool damaged() const;

private:
    BytesView bytes_;
    detail::MappingSlot* slot_ = nullptr; // null for a mapping of nothing
};

namespace detail {

/// Where the handler leaves to; they nest.
struct FaultGuard {
    FaultGuard* outer;
    sigjmp_buf buffer;
};

/// The innermost guarded() of this thread.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local FaultGuard* innermost_guard;
extern constinit std::atomic<bool> fault_handlers_installed;
void install_fault_handlers();

/// Puts the outer guard back, however guarded() is left. Threads: that which made it.
class FaultGuardScope {
public:
    explicit FaultGuardScope(FaultGuard& guard) : outer_(innermost_guard) {
        guard.outer = outer_;
        innermost_guard = &guard;
    }
    ~FaultGuardScope() { innermost_guard = outer_; }
    FaultGuardScope(const FaultGuardScope&) = delete;
    FaultGuardScope& operator=(const FaultGuardScope&) = delete;

private:
    FaultGuard* outer_;
};

} // namespace detail

/// Runs `call`, and tells whether it came to its end: false when memory that it touched was not
/// there (SIGBUS, SIGSEGV), and then it was left where it stood, with the locks it took and half of
/// what it wrote. So `call` is a call of C code, without anything on its frames that has a
/// destructor, and what it worked on is not used again but to be abandoned. It may throw. Costs
/// about ten nanoseconds. Only this thread is guarded, also against faults of callbacks; nested,
/// the innermost ends. A fault in a GuardedMapping is none: it reads zeros.
template <class Call> [[nodiscard, gnu::noinline]] bool guarded(Call&& call) {
    if (!detail::fault_handlers_installed.load(std::memory_order_acquire))
        detail::install_fault_handlers();
    detail::FaultGuard guard; // sigsetjmp fills it
    const detail::FaultGuardScope scope(guard);
    // The mask is not saved: a system call each. The handler unblocks the signal instead.
    if (sigsetjmp(guard.buffer, 0) != 0)
        return false;
    // No access of the call moves out of the time in which the guard is up.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    std::forward<Call>(call)();
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return true;
}

/// Ends the innermost guarded() of this thread, which there is, as a fault would: for callbacks by
/// which C code says that it cannot go on.
[[noreturn]] inline void leave_guarded() {
    siglongjmp(detail::innermost_guard->buffer, 1);
}

} // namespace codex
