// The few system calls that change segment files, in one place, so that tests can make the n-th one
// fail as a full or broken disk would.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <sys/types.h>
#include <sys/uio.h>

namespace codex::repo::detail::io {

/// What the functions below call; pointers to the system's own unless a test replaced them.
struct Calls {
    ssize_t (*pwritev)(int fd, const iovec* parts, int count, off_t offset);
    int (*fdatasync)(int fd);
    int (*fallocate)(int fd, int mode, off_t offset, off_t length);
};
[[nodiscard]] Calls& calls();

/// Writes all parts one after another from `offset`. `parts` is used up.
/// Errors: no_space (also the file size limit of the process), io.
[[nodiscard]] Result<void> write_parts(int fd, std::span<iovec> parts, std::uint64_t offset,
                                       std::string_view name);
/// fdatasync. Errors: no_space (some file systems find out late), io.
[[nodiscard]] Result<void> sync_data(int fd, std::string_view name);
/// Starts writing dirty pages of a range back, without waiting; a hint only.
void start_writeback(int fd, std::uint64_t offset, std::uint64_t length);
/// Makes the range read as zeros, to the byte, and gives the whole pages within it back to the file
/// system; the size stays. False where the file system cannot.
[[nodiscard]] Result<bool> punch_hole(int fd, std::uint64_t offset, std::uint64_t length,
                                      std::string_view name);
/// st_blocks in bytes; 0 when the file is not there.
[[nodiscard]] std::uint64_t disk_bytes(const std::string& path);

} // namespace codex::repo::detail::io
