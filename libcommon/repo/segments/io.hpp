// Calls of a Disk that change files of a repo, gone on with until they are done, and their errors.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "repo/disk.hpp"

namespace codex::repo::detail::io {

/// The same error once more, where one step was several callers'.
[[nodiscard]] inline Error shared_error(const Error& error) {
    return Error(error.code(), error.text()).way_out_of(error);
}

/// Writes all parts one after another from `offset`. `parts` is used up.
/// Errors: no_space (also the file size limit of the process), io.
[[nodiscard]] Result<void> write_parts(Disk& disk, int fd, std::span<iovec> parts,
                                       std::uint64_t offset, std::string_view name);
/// fdatasync. Errors: no_space (some file systems find out late), io.
[[nodiscard]] Result<void> sync_data(Disk& disk, int fd, std::string_view name);
/// Starts writing dirty pages of a range back, without waiting; a hint only.
void start_writeback(int fd, std::uint64_t offset, std::uint64_t length);
/// Gives a file room on the disk behind its end, so that writing there need not look for it page by
/// page; its size stays. A hint only: false where there is none, or little room is left for others,
/// or the file system cannot, and then some of it may have been given.
[[nodiscard]] bool allocate(Disk& disk, int fd, std::uint64_t offset, std::uint64_t length);
/// Makes the range read as zeros, to the byte, and gives the whole pages within it back to the file
/// system; the size stays. False where the file system cannot.
[[nodiscard]] Result<bool> punch_hole(Disk& disk, int fd, std::uint64_t offset,
                                      std::uint64_t length, std::string_view name);
/// st_blocks in bytes; 0 when the file is not there.
[[nodiscard]] std::uint64_t disk_bytes(const std::string& path);

} // namespace codex::repo::detail::io
