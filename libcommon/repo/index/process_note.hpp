// Who holds a lock, for those who wait in vain: what a holder writes about itself, and what may be
// said about it. A process number means something in one PID namespace only.
#pragma once

#include "base/bytes.hpp"

#include <string>
#include <string_view>
#include <sys/types.h>

namespace codex::repo::detail {

/// Two lines about this process: number and command line, then its PID namespace.
[[nodiscard]] std::string own_note();

/// What such a note says to us: "process 12 codex-chunk put x", or the command line alone when the
/// number is one of another namespace. Empty for an empty note.
[[nodiscard]] std::string read_note(std::string_view note);

/// The process of such a note; 0, where there is none, or its number is one of another namespace.
[[nodiscard]] pid_t process_of_note(std::string_view note);

/// Of "process 12 codex-chunk put x"; 0 where there is no number.
[[nodiscard]] pid_t process_of_words(std::string_view words);

/// Whether it can be seen that the process has the file of that device and inode open. The number
/// of a thread is none of a process.
[[nodiscard]] bool has_open(pid_t process, dev_t device, ino_t inode);

/// "process 12 codex-chunk put x", or nothing when there is no such process to be seen, or when it
/// can be seen that it does not have the file of that device and inode open.
[[nodiscard]] std::string describe_user(pid_t process, dev_t device, ino_t inode);

/// "process 12 codex-chunk put x" of one that has a flock(2) lock on the file, as the kernel knows
/// it. Empty where /proc does not say.
[[nodiscard]] std::string flock_holder(dev_t device, ino_t inode);

} // namespace codex::repo::detail
