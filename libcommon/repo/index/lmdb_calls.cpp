#include "repo/index/lmdb_calls.hpp"

#include "repo/segments/own_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <fcntl.h>
#include <optional>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace codex::repo::detail::lmdb {

namespace {

constexpr Rules kDefaultRules{};
constinit thread_local const Rules* rules = &kDefaultRules;
constinit thread_local pid_t holder = 0;
constinit thread_local void* map = nullptr;
/// A thread has one for each repo it writes to, and one more at a time.
constinit thread_local std::array<pthread_mutex_t*, 128> held{};
constinit thread_local unsigned held_count = 0;

/// Pauses that grow from nothing to some milliseconds: LMDB's locks are held for microseconds,
/// unless their holder was stopped.
class Patience {
public:
    /// False when the time to wait is over.
    bool wait() {
        if (round_ < kYields) {
            ++round_;
            ::sched_yield();
            return true;
        }
        if (!deadline_)
            deadline_ = rules->around != nullptr ? rules->around->deadline()
                                                 : Deadline::after_seconds(Clock::system(), 0);
        const bool more = deadline_->pause(pause_);
        pause_ = std::min(pause_ * 2, std::chrono::microseconds(5000));
        return more;
    }

private:
    static constexpr unsigned kYields = 32;
    unsigned round_ = 0;
    std::chrono::microseconds pause_{50};
    std::optional<Deadline> deadline_;
};

/// False when this thread does not hold it.
bool forget(const void* mutex) {
    for (unsigned i = held_count; i-- > 0;) {
        if (held[i] != mutex)
            continue;
        std::copy(held.begin() + i + 1, held.begin() + held_count, held.begin() + i);
        --held_count;
        return true;
    }
    return false;
}

Disk& disk() {
    return rules->around != nullptr ? rules->around->disk : Disk::system();
}

/// Goes on after what was written short, so that a full disk says what it is: LMDB would call it an
/// input/output error. Gives how much was written; -1 when it failed before anything was.
ssize_t write_all(int fd, const iovec* parts, int count, off_t offset) {
    ssize_t done = 0;
    std::size_t skip = 0; // of the first part that is left
    while (count > 0) {
        ssize_t n = 0;
        if (skip == 0) {
            n = disk().pwritev(fd, parts, count, offset + done);
        } else {
            const iovec rest{static_cast<char*>(parts->iov_base) + skip, parts->iov_len - skip};
            n = disk().pwritev(fd, &rest, 1, offset + done);
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += n;
        for (skip += static_cast<std::size_t>(n); count > 0 && skip >= parts->iov_len;
             ++parts, --count)
            skip -= parts->iov_len;
    }
    return done;
}

int own_error(const Error& error) {
    switch (error.code()) {
    case Errc::not_found:
        return ENOENT;
    case Errc::permission:
        return EACCES;
    case Errc::no_space:
        return ENOSPC;
    case Errc::repo_damaged:
        return EUCLEAN;
    case Errc::files_exhausted:
        return EMFILE;
    default:
        return EIO;
    }
}

/// An index that was emptied since we looked must not become a new one.
bool emptied(int fd) {
    struct stat st{};
    return ::fstat(fd, &st) != 0 || st.st_size == 0;
}

} // namespace

RulesScope::RulesScope(const Rules& wanted) : outer_(rules) {
    rules = &wanted;
}
RulesScope::~RulesScope() {
    rules = outer_;
}

pid_t last_holder() {
    return holder;
}

void* last_map() {
    return map;
}

unsigned held_mutexes() {
    return held_count;
}

void release_mutexes(unsigned keep) {
    while (held_count > keep)
        pthread_mutex_unlock(held[--held_count]);
}

void* last_mutex() {
    return held_count == 0 ? nullptr : held[held_count - 1];
}

void release_mutex(void* mutex) {
    if (forget(mutex))
        pthread_mutex_unlock(static_cast<pthread_mutex_t*>(mutex));
}

} // namespace codex::repo::detail::lmdb

using namespace codex::repo::detail::lmdb; // C has no
                                           // namespaces

extern "C" {

pid_t codex_lmdb_getpid();
int codex_lmdb_open(const char* path, int flags, ...);
int codex_lmdb_fcntl(int fd, int command, ...);
void* codex_lmdb_mmap(void* address, std::size_t bytes, int protection, int flags, int fd,
                      off_t offset);
ssize_t codex_lmdb_pwrite(int fd, const void* bytes, std::size_t count, off_t offset);
ssize_t codex_lmdb_writev(int fd, const iovec* parts, int count);
int codex_lmdb_fdatasync(int fd);
int codex_lmdb_mutex_lock(pthread_mutex_t* mutex);
int codex_lmdb_mutex_unlock(pthread_mutex_t* mutex);

/// A reader is known by a lock on the byte of its process number, and two namespaces use the same
/// numbers.
pid_t codex_lmdb_getpid() {
    return rules->number != 0 ? rules->number : ::getpid();
}

int codex_lmdb_open(const char* path, int flags, ...) {
    if (!rules->may_create)
        flags &= ~O_CREAT;
    errno = 0;
    auto fd = codex::repo::detail::open_own_file(path, flags);
    if (!fd) {
        const int cause = errno; // which no code of ours may name
        errno = fd.error().code() == codex::Errc::io && cause != 0 ? cause : own_error(fd.error());
        return -1;
    }
    if (!rules->may_create && emptied(fd->get())) {
        errno = EUCLEAN;
        return -1;
    }
    return fd->release();
}

int codex_lmdb_fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void* argument = va_arg(arguments, void*);
    va_end(arguments);
    if (command != F_SETLKW)
        return ::fcntl(fd, command, argument);
    // LMDB waits here for another process to make the lock table ready.
    Patience patience;
    while (::fcntl(fd, F_SETLK, argument) != 0) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return -1;
        if (!patience.wait()) {
            struct flock other = *static_cast<const struct flock*>(argument);
            if (::fcntl(fd, F_GETLK, &other) == 0 && other.l_type != F_UNLCK)
                holder = other.l_pid;
            errno = ETIMEDOUT;
            return -1;
        }
    }
    errno = EAGAIN; // LMDB looks at what F_SETLK left there before
    return 0;
}

/// The index is the map that is read alone; the table of readers is the other.
void* codex_lmdb_mmap(void* address, std::size_t bytes, int protection, int flags, int fd,
                      off_t offset) {
    void* mapped = ::mmap(address, bytes, protection, flags, fd, offset);
    if (protection == PROT_READ)
        map = mapped == MAP_FAILED ? nullptr : mapped;
    return mapped;
}

ssize_t codex_lmdb_pwrite(int fd, const void* bytes, std::size_t count, off_t offset) {
    // An iovec is for reading, too.
    const iovec part{const_cast<void*>(bytes), count};
    return write_all(fd, &part, 1, offset);
}

/// Where the file stands: LMDB has just put it there.
ssize_t codex_lmdb_writev(int fd, const iovec* parts, int count) {
    const off_t offset = ::lseek(fd, 0, SEEK_CUR);
    return offset < 0 ? -1 : write_all(fd, parts, count, offset);
}

int codex_lmdb_fdatasync(int fd) {
    return disk().fdatasync(fd);
}

/// Never sleeps in the mutex: who is killed there, while a process of another PID namespace with
/// the same number holds it, makes the kernel take the mutex from that one.
int codex_lmdb_mutex_lock(pthread_mutex_t* mutex) {
    Patience patience;
    int rc = pthread_mutex_trylock(mutex);
    while (rc == EBUSY) {
        if (!patience.wait()) {
            holder = static_cast<pid_t>(mutex->__data.__lock & 0x3fffffff);
            return ETIMEDOUT;
        }
        rc = pthread_mutex_trylock(mutex);
    }
    if ((rc == 0 || rc == EOWNERDEAD) && held_count < held.size())
        held[held_count++] = mutex;
    return rc;
}

int codex_lmdb_mutex_unlock(pthread_mutex_t* mutex) {
    forget(mutex);
    return pthread_mutex_unlock(mutex);
}

} // extern "C"
