#include "repo/segments/io.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace codex::repo {

ssize_t Disk::pwritev(int fd, const iovec* parts, int count, off_t offset) {
    return ::pwritev(fd, parts, count, offset);
}
int Disk::fdatasync(int fd) {
    return ::fdatasync(fd);
}
int Disk::fallocate(int fd, int mode, off_t offset, off_t length) {
    return ::fallocate(fd, mode, offset, length);
}

Disk& Disk::system() {
    static Disk disk;
    return disk;
}

} // namespace codex::repo

namespace codex::repo::detail::io {

namespace {

/// Of the room on a disk that is free, no more than one part of so many is taken ahead.
constexpr std::uint64_t kPartAhead = 64;

Error write_error(int errno_value, std::string_view what, std::string_view name) {
    const std::string text = fmt::format("{} {}", what, name);
    // A file size limit is one more way in which there is no room.
    if (errno_value == EFBIG)
        return {Errc::no_space, text + ": file size limit reached"};
    return system_error(errno_value, text);
}

/// Drops `count` written bytes from the front of the list.
std::span<iovec> drop_front(std::span<iovec> parts, std::size_t count) {
    while (!parts.empty() && count >= parts.front().iov_len) {
        count -= parts.front().iov_len;
        parts = parts.subspan(1);
    }
    if (!parts.empty()) {
        parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + count;
        parts.front().iov_len -= count;
    }
    return parts;
}

} // namespace

Result<void> write_parts(Disk& disk, int fd, std::span<iovec> parts, std::uint64_t offset,
                         std::string_view name) {
    parts = drop_front(parts, 0);
    while (!parts.empty()) {
        const auto count = static_cast<int>(std::min<std::size_t>(parts.size(), IOV_MAX));
        const ssize_t n = disk.pwritev(fd, parts.data(), count, static_cast<off_t>(offset));
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return fail(write_error(errno, "write", name));
        }
        if (n == 0)
            return fail(Errc::io, "write {}: nothing taken", name);
        offset += static_cast<std::uint64_t>(n);
        parts = drop_front(parts, static_cast<std::size_t>(n));
    }
    return {};
}

Result<void> sync_data(Disk& disk, int fd, std::string_view name) {
    while (disk.fdatasync(fd) != 0) {
        if (errno != EINTR)
            return fail(write_error(errno, "sync", name));
    }
    return {};
}

void start_writeback(int fd, std::uint64_t offset, std::uint64_t length) {
    (void)::sync_file_range(fd, static_cast<off_t>(offset), static_cast<off_t>(length),
                            SYNC_FILE_RANGE_WRITE);
}

bool allocate(Disk& disk, int fd, std::uint64_t offset, std::uint64_t length) {
    struct statvfs free{};
    return ::fstatvfs(fd, &free) == 0 && length <= free.f_frsize * free.f_bavail / kPartAhead &&
           disk.fallocate(fd, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                          static_cast<off_t>(length)) == 0;
}

Result<bool> punch_hole(Disk& disk, int fd, std::uint64_t offset, std::uint64_t length,
                        std::string_view name) {
    while (disk.fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                          static_cast<off_t>(offset), static_cast<off_t>(length)) != 0) {
        if (errno == EOPNOTSUPP || errno == ENOSYS)
            return false;
        if (errno != EINTR)
            return fail(system_error(errno, fmt::format("punch hole in {}", name)));
    }
    return true;
}

std::uint64_t disk_bytes(const std::string& path) {
    struct stat st{};
    return ::stat(path.c_str(), &st) == 0 ? static_cast<std::uint64_t>(st.st_blocks) * 512 : 0;
}

} // namespace codex::repo::detail::io
