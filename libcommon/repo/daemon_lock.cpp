#include "repo/daemon_lock.hpp"

#include "repo/index/flock_wait.hpp"
#include "repo/segments/own_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace codex::repo {

Result<DaemonLock> DaemonLock::take(const std::string& repo) {
    CODEX_TRY(fd, detail::open_own_file(repo + "/daemon.lock", O_RDWR | O_CREAT));
    OpenOptions at_once;
    at_once.lock_timeout_seconds = 0;
    auto locked =
        detail::wait_for_flock(fd, LOCK_EX, "is served already", detail::Surroundings(at_once));
    // Nobody waits for one that stays: what is known of other locks is no way out.
    if (!locked)
        return fail(Error(locked.error().code(), locked.error().text()));
    detail::write_lock_note(fd);
    return DaemonLock(std::move(fd));
}

Result<std::string> DaemonLock::holder(const std::string& repo) {
    CODEX_TRY(fd, detail::open_own_file(repo + "/daemon.lock", O_RDONLY));
    return detail::lock_holder(fd);
}

std::optional<DaemonLock::Holder> DaemonLock::seen(const std::string& repo) {
    const auto fd = detail::open_own_file(repo + "/daemon.lock", O_RDONLY);
    if (!fd)
        return std::nullopt;
    const detail::Locked locked = detail::seen_holder(*fd);
    if (locked.words.empty())
        return std::nullopt;
    return Holder{locked.process, locked.words};
}

/// When it was written who it is.
std::uint64_t DaemonLock::last_taken(const std::string& repo) {
    struct stat st{};
    if (::lstat((repo + "/daemon.lock").c_str(), &st) != 0)
        return 0;
    constexpr std::uint64_t kNanoseconds = 1'000'000'000;
    return static_cast<std::uint64_t>(st.st_mtim.tv_sec) * kNanoseconds +
           static_cast<std::uint64_t>(st.st_mtim.tv_nsec);
}

} // namespace codex::repo
