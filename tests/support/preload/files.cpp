// The calls that change files.
#include "watch.hpp"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// These names are the system's, under which the tools find ours.
namespace codex::preload {

namespace {

/// Sets errno and gives -1.
int failed(int error) {
    errno = error;
    return -1;
}

/// A file on a disk, or stdout: what can be full or broken. An eventfd is neither, and stderr has
/// to tell of it.
bool can_break(int fd) {
    struct stat st{};
    return fd == STDOUT_FILENO ||
           (fd != STDERR_FILENO && fstat(fd, &st) == 0 && S_ISREG(st.st_mode));
}

int open_at(int folder, const char* path, int flags, mode_t mode) {
    if (const int error = refuse(Kind::open))
        return failed(error);
    const auto fd = static_cast<int>(syscall(SYS_openat, folder, path, flags, mode));
    if (fd < 0)
        return fd;
    const Absolute at(folder, path);
    const bool yes = watched(at.get());
    watch(fd, yes);
    if (yes && (flags & (O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))) != 0)
        log({Op::open, inode_of(fd), static_cast<std::uint64_t>(flags), 0, at.get()});
    return fd;
}

ssize_t write_at(int fd, const iovec* parts, int count, off_t offset) {
    if (can_break(fd))
        if (const int error = refuse(Kind::write))
            return failed(error);
    const bool at_end = offset < 0;
    if (at_end && watched(fd))
        offset = static_cast<off_t>(syscall(SYS_lseek, fd, 0, SEEK_CUR));
    const auto done =
        static_cast<ssize_t>(at_end ? syscall(SYS_writev, fd, parts, count)
                                    : syscall(SYS_pwritev, fd, parts, count, offset, 0));
    if (done <= 0)
        return done;
    const auto bytes = static_cast<std::size_t>(done);
    if (watched(fd)) {
        const std::uint64_t inode = inode_of(fd);
        const auto at = static_cast<std::uint64_t>(offset);
        log({Op::write, inode, at, bytes}, parts, count, bytes);
        if ((syscall(SYS_fcntl, fd, F_GETFL) & O_DSYNC) != 0)
            log({Op::sync_range, inode, at, bytes});
    } else if (fd == STDOUT_FILENO && logs()) {
        log({Op::output}, parts, count, bytes);
    }
    return done;
}

int sync_file(int fd, long call) {
    if (const int error = refuse(Kind::sync))
        return failed(error);
    const bool yes = watched(fd);
    const std::uint64_t inode = yes ? inode_of(fd) : 0;
    if (yes)
        log({Op::sync_begin, inode});
    const int done = skips_sync() ? 0 : static_cast<int>(syscall(call, fd));
    if (yes && done == 0)
        log({call == SYS_syncfs ? Op::sync_all : Op::sync_end, inode});
    return done;
}

int rename_at(int from, const char* path, int to, const char* other, unsigned flags) {
    if (const int error = refuse(Kind::rename))
        return failed(error);
    const auto done = static_cast<int>(syscall(SYS_renameat2, from, path, to, other, flags));
    const Absolute before(from, path), after(to, other);
    if (done == 0 && watched(after.get()))
        log({Op::rename, 0, 0, 0, before.get(), after.get()});
    return done;
}

int link_at(int from, const char* path, int to, const char* other, int flags) {
    if (const int error = refuse(Kind::rename))
        return failed(error);
    const auto done = static_cast<int>(syscall(SYS_linkat, from, path, to, other, flags));
    const Absolute name(to, other);
    if (done == 0 && watched(name.get()))
        log({Op::link, inode_of(name.get()), 0, 0, name.get()});
    return done;
}

int unlink_at(int folder, const char* path, int flags) {
    if (const int error = refuse(Kind::unlink))
        return failed(error);
    const auto done = static_cast<int>(syscall(SYS_unlinkat, folder, path, flags));
    const Absolute name(folder, path);
    if (done == 0 && watched(name.get()))
        log({(flags & AT_REMOVEDIR) != 0 ? Op::rmdir : Op::unlink, 0, 0, 0, name.get()});
    return done;
}

int make_folder(int folder, const char* path, mode_t mode) {
    if (const int error = refuse(Kind::open))
        return failed(error);
    const auto done = static_cast<int>(syscall(SYS_mkdirat, folder, path, mode));
    const Absolute name(folder, path);
    if (done == 0 && watched(name.get()))
        log({Op::mkdir, inode_of(name.get()), 0, 0, name.get()});
    return done;
}

int truncate_file(int fd, off_t length) {
    if (const int error = refuse(Kind::write))
        return failed(error);
    const auto done = static_cast<int>(syscall(SYS_ftruncate, fd, length));
    if (done == 0 && watched(fd))
        log({Op::truncate, inode_of(fd), 0, static_cast<std::uint64_t>(length)});
    return done;
}

int allocate(int fd, int mode, off_t offset, off_t length) {
    if (const int error = refuse(Kind::write))
        return failed(error);
    struct stat st{};
    fstat(fd, &st);
    const auto done = static_cast<int>(syscall(SYS_fallocate, fd, mode, offset, length));
    if (done != 0 || !watched(fd))
        return done;
    if ((mode & FALLOC_FL_PUNCH_HOLE) != 0)
        log({Op::punch, st.st_ino, static_cast<std::uint64_t>(offset),
             static_cast<std::uint64_t>(length)});
    else if (offset + length > st.st_size && (mode & FALLOC_FL_KEEP_SIZE) == 0)
        log({Op::truncate, st.st_ino, 0, static_cast<std::uint64_t>(offset + length)});
    return done;
}

void* map(void* at, std::size_t length, int protection, int flags, int fd, off_t offset) {
    if (const int error = refuse(Kind::mmap)) {
        errno = error;
        return MAP_FAILED;
    }
    const long mapped = syscall(SYS_mmap, at, length, protection, flags, fd, offset);
    if (mapped != -1 && (flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0 && watched(fd))
        log({Op::map, inode_of(fd), 0, 0, Absolute(fd, "").get()});
    return reinterpret_cast<void*>(mapped);
}

mode_t mode_of(int flags, va_list list) {
    return (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) != 0 ? va_arg(list, mode_t) : 0;
}

iovec part(const void* bytes, std::size_t count) {
    return {const_cast<void*>(bytes), count};
}

ssize_t read_refused(int fd) {
    const int error = can_break(fd) ? refuse(Kind::read) : 0;
    return error != 0 ? failed(error) : 0;
}

} // namespace

extern "C" {

int open(const char* path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    const mode_t mode = mode_of(flags, list);
    va_end(list);
    return open_at(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) __attribute__((alias("open")));
int __open_2(const char* path, int flags) {
    return open_at(AT_FDCWD, path, flags, 0);
}
int __open64_2(const char* path, int flags) __attribute__((alias("__open_2")));
int openat(int folder, const char* path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    const mode_t mode = mode_of(flags, list);
    va_end(list);
    return open_at(folder, path, flags, mode);
}
int openat64(int folder, const char* path, int flags, ...) __attribute__((alias("openat")));
DIR* opendir(const char* path) {
    static const auto real = reinterpret_cast<DIR* (*)(const char*)>(dlsym(RTLD_NEXT, "opendir"));
    if (const int error = refuse(Kind::open)) {
        errno = error;
        return nullptr;
    }
    return real(path);
}
int close(int fd) {
    watch(fd, false);
    return static_cast<int>(syscall(SYS_close, fd));
}
int mkdir(const char* path, mode_t mode) {
    return make_folder(AT_FDCWD, path, mode);
}
int mkdirat(int folder, const char* path, mode_t mode) {
    return make_folder(folder, path, mode);
}

ssize_t read(int fd, void* to, size_t bytes) {
    return read_refused(fd) != 0 ? -1 : static_cast<ssize_t>(syscall(SYS_read, fd, to, bytes));
}
ssize_t pread(int fd, void* to, size_t bytes, off_t offset) {
    return read_refused(fd) != 0
               ? -1
               : static_cast<ssize_t>(syscall(SYS_pread64, fd, to, bytes, offset));
}
ssize_t pread64(int fd, void* to, size_t bytes, off_t offset) __attribute__((alias("pread")));
ssize_t preadv(int fd, const iovec* parts, int count, off_t offset) {
    return read_refused(fd) != 0
               ? -1
               : static_cast<ssize_t>(syscall(SYS_preadv, fd, parts, count, offset, 0));
}
ssize_t preadv64(int fd, const iovec* parts, int count, off_t offset)
    __attribute__((alias("preadv")));

ssize_t write(int fd, const void* from, size_t bytes) {
    const iovec one = part(from, bytes);
    return write_at(fd, &one, 1, -1);
}
ssize_t writev(int fd, const iovec* parts, int count) {
    return write_at(fd, parts, count, -1);
}
ssize_t pwrite(int fd, const void* from, size_t bytes, off_t offset) {
    const iovec one = part(from, bytes);
    return write_at(fd, &one, 1, offset);
}
ssize_t pwrite64(int fd, const void* from, size_t bytes, off_t offset)
    __attribute__((alias("pwrite")));
ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
    return write_at(fd, parts, count, offset);
}
ssize_t pwritev64(int fd, const iovec* parts, int count, off_t offset)
    __attribute__((alias("pwritev")));
int ftruncate(int fd, off_t length) noexcept {
    return truncate_file(fd, length);
}
int ftruncate64(int fd, off_t length) noexcept __attribute__((alias("ftruncate")));
int fallocate(int fd, int mode, off_t offset, off_t length) {
    return allocate(fd, mode, offset, length);
}
int fallocate64(int fd, int mode, off_t offset, off_t length) __attribute__((alias("fallocate")));

int fsync(int fd) {
    return sync_file(fd, SYS_fsync);
}
int fdatasync(int fd) {
    return sync_file(fd, SYS_fdatasync);
}
int syncfs(int fd) noexcept {
    return sync_file(fd, SYS_syncfs);
}
// A hint that makes nothing durable.
int sync_file_range(int fd, off64_t offset, off64_t length, unsigned flags) {
    return skips_sync() ? 0
                        : static_cast<int>(syscall(SYS_sync_file_range, fd, offset, length, flags));
}
int msync(void* at, size_t length, int flags) {
    if (const int error = refuse(Kind::sync))
        return failed(error);
    return skips_sync() ? 0 : static_cast<int>(syscall(SYS_msync, at, length, flags));
}

int rename(const char* path, const char* other) noexcept {
    return rename_at(AT_FDCWD, path, AT_FDCWD, other, 0);
}
int renameat(int from, const char* path, int to, const char* other) noexcept {
    return rename_at(from, path, to, other, 0);
}
int renameat2(int from, const char* path, int to, const char* other, unsigned flags) noexcept {
    return rename_at(from, path, to, other, flags);
}
int link(const char* path, const char* other) noexcept {
    return link_at(AT_FDCWD, path, AT_FDCWD, other, 0);
}
int linkat(int from, const char* path, int to, const char* other, int flags) noexcept {
    return link_at(from, path, to, other, flags);
}
int unlink(const char* path) noexcept {
    return unlink_at(AT_FDCWD, path, 0);
}
int unlinkat(int folder, const char* path, int flags) noexcept {
    return unlink_at(folder, path, flags);
}
int rmdir(const char* path) noexcept {
    return unlink_at(AT_FDCWD, path, AT_REMOVEDIR);
}

void* mmap(void* at, size_t length, int protection, int flags, int fd, off_t offset) noexcept {
    return map(at, length, protection, flags, fd, offset);
}
void* mmap64(void* at, size_t length, int protection, int flags, int fd, off_t offset) noexcept
    __attribute__((alias("mmap")));
}

} // namespace codex::preload
