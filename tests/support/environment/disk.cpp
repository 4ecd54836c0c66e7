// Linked to test programs: nothing waits for the disk, or writes to it before it has to. What a
// kill leaves, and what other processes see, is the same. That syncs are asked for, and in which
// order, is tested through repo/disk.hpp; what a power loss leaves, by reliability/crash.sh.
#include <fcntl.h>
#include <unistd.h>

namespace {

/// As the system would answer: an open file is on the disk, and a closed one is none.
int done(int fd) {
    return ::fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

} // namespace

extern "C" {

int fsync(int fd) {
    return done(fd);
}

int fdatasync(int fd) {
    return done(fd);
}

int syncfs(int fd) noexcept {
    return done(fd);
}

int sync_file_range(int fd, off64_t, off64_t, unsigned) {
    return done(fd);
}
}
