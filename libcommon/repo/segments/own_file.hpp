// Opening what lies in a repo. A repo may come from anybody, in an archive or on a stick, so no
// name in it may lead elsewhere: neither a link to another file nor a pipe that keeps us waiting.
#pragma once

#include "base/fd.hpp"

namespace codex::repo::detail {

/// Where a file lies. The folder of the repo is named by its user, who may name a link; segments/
/// and writers/ in it are ours and must be folders themselves.
enum class Below : std::uint8_t { repo, folder };

/// open(2) with O_CLOEXEC of a file that belongs to a repo, mode 0600 when it is made. Never
/// follows a link, never waits for another process, and touches nothing but regular files. Errors:
/// system_error of "open PATH"; repo_damaged when it is, or lies in, something else.
[[nodiscard]] Result<Fd> open_own_file(const std::string& path, int flags,
                                       Below below = Below::repo);

/// The same of a file in `folder`, an open folder; `path` is its name there behind the last slash,
/// and what messages call it.
[[nodiscard]] Result<Fd> open_own_file(const Fd& folder, const std::string& path, int flags);
/// A folder of a repo, to open files in: also when it is moved meanwhile, they are those in it.
/// Errors: those of require_own_folder().
[[nodiscard]] Result<Fd> open_own_folder(const std::string& path);

/// Refuses what is there and is not a regular file. Errors: repo_damaged, permission, io.
[[nodiscard]] Result<void> require_own_file(const std::string& path);

/// The whole file, opened so. Errors: those of open_own_file(); limit_exceeded.
[[nodiscard]] Result<Bytes> read_own_file(const std::string& path, std::uint64_t max_bytes);

/// Refuses what is not a folder itself. Errors: not_found, permission, io; repo_damaged.
[[nodiscard]] Result<void> require_own_folder(const std::string& path);

} // namespace codex::repo::detail
