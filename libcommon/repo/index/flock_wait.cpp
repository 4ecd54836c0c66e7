#include "repo/index/flock_wait.hpp"

#include "repo/index/process_note.hpp"

#include <cerrno>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

/// Notes are shorter; a larger file under the name of a lock is something else.
constexpr off_t kMaxNote = 4096;

bool may_be_note(const struct stat& st) {
    return S_ISREG(st.st_mode) && st.st_size <= kMaxNote && st.st_nlink <= 1;
}

/// What stands in such a file; nothing, where that is no note.
std::string note_of(const Fd& fd, const struct stat& st) {
    if (!may_be_note(st))
        return {};
    Bytes note(static_cast<std::size_t>(kMaxNote));
    const auto n = pread_full(fd.get(), note, 0, "lock");
    return std::string(as_text(BytesView(note).first(n.value_or(0))));
}

} // namespace

Locked seen_holder(const Fd& fd) {
    struct stat st{};
    if (::fstat(fd.get(), &st) != 0)
        return {};
    const pid_t noted = process_of_note(note_of(fd, st));
    // A process that has ended may have had our number, or that of a thread of ours: in a namespace
    // before this one, as where a container begins anew. We have the file open, to look; the kernel
    // knows who has locked it.
    if (noted > 0 && noted != ::getpid() && has_open(noted, st.st_dev, st.st_ino))
        return {noted, describe_user(noted, st.st_dev, st.st_ino)};
    std::string known = flock_holder(st.st_dev, st.st_ino);
    const pid_t process = process_of_words(known);
    return {process, std::move(known)};
}

std::string lock_holder(const Fd& fd) {
    struct stat st{};
    if (::fstat(fd.get(), &st) != 0)
        return "other processes use it";
    std::string who = read_note(note_of(fd, st));
    if (who.empty())
        who = flock_holder(st.st_dev, st.st_ino);
    return who.empty() ? "other processes use it" : "held by " + who;
}

Result<void> wait_for_flock(const Fd& fd, int how, const std::string& path,
                            const Surroundings& around) {
    CODEX_CHECK(wait_for_flock_or(fd, how, path, around, [] { return false; }));
    return {};
}

Result<bool> wait_for_flock_or(const Fd& fd, int how, const std::string& path,
                               const Surroundings& around, const std::function<bool()>& enough) {
    const Deadline deadline = around.deadline();
    bool waiting = false;
    while (::flock(fd.get(), how | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return fail(system_error(errno, "lock " + path));
        if (enough())
            return false;
        if (deadline.passed())
            return fail(Error(Errc::repo_locked, fmt::format("{}: {}", path, lock_holder(fd)))
                            .remedy(Remedy::wait_longer));
        if (!std::exchange(waiting, true))
            around.log.notice("Waiting for the repo",
                              {{"path", path}, {"holder", lock_holder(fd)}});
        (void)deadline.pause(std::chrono::milliseconds(20));
    }
    return true;
}

void write_lock_note(const Fd& fd) {
    clear_lock_note(fd);
    struct stat st{};
    if (::fstat(fd.get(), &st) == 0 && may_be_note(st) && st.st_size == 0) {
        const std::string who = own_note();
        (void)pwrite_full(fd.get(), as_bytes(who), 0, "lock");
    }
}

void clear_lock_note(const Fd& fd) {
    struct stat st{};
    if (::fstat(fd.get(), &st) == 0 && st.st_size > 0 && may_be_note(st))
        (void)!::ftruncate(fd.get(), 0);
}

} // namespace codex::repo::detail
