// One process that stays beside a repo, and serves it (codex-repo(5), LOCKS).
#pragma once

#include "base/error.hpp"
#include "base/fd.hpp"

#include <optional>
#include <string>
#include <sys/types.h>

namespace codex::repo {

/// Held until it goes, or the process does. Who has it is written into its file.
/// Threads: its owner's.
class DaemonLock {
public:
    /// Of a repo that there is. Errors: repo_locked at once, naming the process that has it, and
    /// not the repo, which it is about; those of opening the file.
    [[nodiscard]] static Result<DaemonLock> take(const std::string& repo);

    /// Who serves a repo that is served: "held by process 12 codex-serve run", or what can be said.
    /// Errors: those of opening the file.
    [[nodiscard]] static Result<std::string> holder(const std::string& repo);

    /// A process that has the lock.
    struct Holder {
        pid_t process = 0;
        std::string words; ///< "process 12 codex-serve run"
    };
    /// Who has it now, as far as that can be seen without trying the lock, which would keep off a
    /// process that takes it at the same moment.
    [[nodiscard]] static std::optional<Holder> seen(const std::string& repo);
    /// Another one each time that somebody has taken it, whether he has it still or not; 0 before
    /// the first time.
    [[nodiscard]] static std::uint64_t last_taken(const std::string& repo);

private:
    explicit DaemonLock(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

} // namespace codex::repo
