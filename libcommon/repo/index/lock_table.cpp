#include "repo/index/lock_table.hpp"

#include "repo/index/flock_wait.hpp"
#include "repo/segments/own_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

/// A row of LMDB's table is a line of the cache, and so are two rows before the first.
constexpr off_t kLineBytes = 64;
constexpr off_t kTableBytes = (kMaxReaders + 2) * kLineBytes;

/// Process numbers of Linux are below 2^22; what is above tells equal ones apart.
constexpr int kProcessBits = 22;
constexpr unsigned kMostTries = 1U << (31 - kProcessBits);

struct flock byte_lock(pid_t number, short type) {
    struct flock lock{};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = number;
    lock.l_len = 1;
    return lock;
}

off_t size_of(const Fd& fd) {
    struct stat st{};
    return ::fstat(fd.get(), &st) == 0 ? st.st_size : 0;
}

/// All of it on the disk: a page of a mapping that finds no room is a fault.
Result<void> allocate(const Fd& fd, const std::string& name) {
    struct stat st{};
    if (::fstat(fd.get(), &st) != 0)
        return fail(system_error(errno, "open " + name));
    const off_t size = std::max(st.st_size, kTableBytes);
    if (st.st_size == size && st.st_blocks * 512 >= size)
        return {};
    const int rc = ::fallocate(fd.get(), 0, 0, size);
    if (rc != 0 && errno != EOPNOTSUPP)
        return fail(system_error(errno, "allocate " + name));
    if (rc != 0 && st.st_size < size && ::ftruncate(fd.get(), size) != 0)
        return fail(system_error(errno, "allocate " + name));
    return {};
}

Result<Fd> make_anew(const std::string& name) {
    ::unlink(name.c_str());
    CODEX_TRY(fd, open_own_file(name, O_RDWR | O_CREAT | O_EXCL));
    CODEX_CHECK(allocate(fd, name));
    return fd;
}

Result<Fd> lock_index(const std::string& path, int how, const Surroundings& around) {
    CODEX_TRY(fd, open_own_file(path, O_RDONLY));
    CODEX_CHECK(wait_for_flock(fd, how, path, around));
    return fd;
}

} // namespace

Result<LockTable> LockTable::open(const std::string& path, const Fd& index,
                                  const Surroundings& around) {
    const std::string name = path + "-lock";
    auto fd = open_own_file(name, O_RDWR);
    const auto is_whole = [&fd] { return fd && size_of(*fd) >= kTableBytes; };
    if (!fd && fd.error().code() != Errc::not_found)
        return fail(std::move(fd).error());
    if (!is_whole()) {
        // Whoever has the index open has the old table, which may have lost its name: two tables
        // at once would be two writers at once. Of several who find none one makes it, and has the
        // index open then, perhaps for days: the others take his.
        const auto made_by_another = [&] {
            if (::flock(index.get(), LOCK_SH | LOCK_NB) != 0)
                return false;
            fd = open_own_file(name, O_RDWR);
            if (!is_whole()) // or each would keep the others from making it
                (void)::flock(index.get(), LOCK_UN);
            return is_whole();
        };
        CODEX_TRY(alone, wait_for_flock_or(index, LOCK_EX, path, around, made_by_another));
        if (alone) {
            fd = open_own_file(name, O_RDWR);
            if (!is_whole())
                fd = make_anew(name);
            CODEX_CHECK(wait_for_flock(index, LOCK_SH, path, around));
        }
        if (!fd)
            return fail(std::move(fd).error());
    }
    CODEX_CHECK(allocate(*fd, name));
    return LockTable(std::move(*fd));
}

Result<pid_t> LockTable::reserve_number() {
    if (number_ != 0) {
        struct flock release = byte_lock(number_, F_UNLCK);
        (void)::fcntl(fd_.get(), F_SETLK, &release);
    }
    while (tries_ < kMostTries) {
        number_ = static_cast<pid_t>(tries_++ << kProcessBits) | ::getpid();
        struct flock wanted = byte_lock(number_, F_WRLCK);
        if (::fcntl(fd_.get(), F_SETLK, &wanted) == 0)
            return number_;
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return fail(system_error(errno, "lock index.mdb-lock"));
    }
    return fail(Errc::unavailable, "index.mdb-lock: too many processes have the number {}",
                ::getpid());
}

pid_t LockTable::process_of(pid_t number) {
    return number & ((1 << kProcessBits) - 1);
}

bool LockTable::damaged() const {
    struct stat st{};
    return ::fstat(fd_.get(), &st) != 0 || st.st_size < kTableBytes ||
           st.st_blocks * 512 < st.st_size;
}

Result<Fd> share_index(const std::string& path, const Surroundings& around) {
    return lock_index(path, LOCK_SH, around);
}

Result<Fd> claim_index(const std::string& path, const Surroundings& around) {
    auto fd = lock_index(path, LOCK_EX, around);
    if (!fd && fd.error().code() == Errc::not_found)
        return Fd();
    return fd;
}

} // namespace codex::repo::detail
