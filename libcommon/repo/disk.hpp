// How a repo changes what is in its files: what a test puts in the place of the system, to make the
// n-th call fail as a full or broken disk would.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

namespace codex::repo {

/// The system's. Derive from it to watch calls, or to answer them otherwise. Bytes of segments,
/// notes and the index, and that they are on the disk, go through here; making, renaming and
/// removing files does not. Threads: all calls from any thread, at once.
class Disk {
public:
    Disk() = default;
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;
    virtual ~Disk() = default;

    /// As the functions of these names in libc: -1 and errno when they fail.
    [[nodiscard]] virtual ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset);
    [[nodiscard]] virtual int fdatasync(int fd);
    [[nodiscard]] virtual int fallocate(int fd, int mode, off_t offset, off_t length);

    [[nodiscard]] static Disk& system();
};

} // namespace codex::repo
