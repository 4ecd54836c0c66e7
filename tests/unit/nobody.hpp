// Tests of what a user without rights may do, run by root.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

namespace codex::test {

/// Takes the rights of root from this thread, where it has them; what a child calls just after
/// fork(), while it has no other. False, when that is refused.
/// The bare calls: those of the C library wait until all threads have taken part, and the one of a
/// sanitizer never does.
inline bool become_nobody() {
    constexpr int kNobody = 65534;
    return ::geteuid() != 0 ||
           (::syscall(SYS_setgid, kNobody) == 0 && ::syscall(SYS_setuid, kNobody) == 0);
}

} // namespace codex::test
