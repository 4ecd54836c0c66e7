// Waiting for a flock(2) lock, but not for ever.
#pragma once

#include "base/fd.hpp"
#include "repo/index/surroundings.hpp"

#include <functional>

namespace codex::repo::detail {

/// Takes the lock (LOCK_SH or LOCK_EX) on an open file of the repo. Errors: repo_locked after
/// the wait of `around`, naming the holder as its note in the file, or else the kernel, says it;
/// io.
[[nodiscard]] Result<void> wait_for_flock(const Fd& fd, int how, const std::string& path,
                                          const Surroundings& around);

/// The same, but gives false once `enough` says so, which is asked each time that the lock is not
/// to be had; a lock that was held before may be lost by then.
[[nodiscard]] Result<bool> wait_for_flock_or(const Fd& fd, int how, const std::string& path,
                                             const Surroundings& around,
                                             const std::function<bool()>& enough);

/// "held by process 12 codex-chunk put x", as its note in the file, or else the kernel, says it;
/// "other processes use it", when neither does. It does not look whether the lock is taken.
[[nodiscard]] std::string lock_holder(const Fd& fd);

/// Who has the lock, as can be seen without trying it: the process of the note, where it has the
/// file open, or who the kernel knows; nothing else.
struct Locked {
    pid_t process = 0;
    std::string words; ///< "process 12 codex-chunk put x"; empty: nobody that can be seen
};
[[nodiscard]] Locked seen_holder(const Fd& fd);

/// Puts who we are into the file for those who wait, and takes such a note out again. A file that
/// cannot be a note is left alone.
void write_lock_note(const Fd& fd);
void clear_lock_note(const Fd& fd);

} // namespace codex::repo::detail
