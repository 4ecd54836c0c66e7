// What is checked of index.mdb before LMDB acts on it, and what it says of its readers. LMDB
// believes its file: a list of free pages that is longer than its value makes it write past its
// memory.
#pragma once

#include "base/fd.hpp"

#include <sys/types.h>

struct MDB_env;

namespace codex::repo::detail {

/// repo_damaged, with the remedy of a broken index.
[[nodiscard]] Error damaged_index(std::string_view what);

/// The two pages at its start: of this format, and the file as long as they say. Reads 300 bytes.
/// Errors: repo_damaged, io.
[[nodiscard]] Result<void> check_header(const Fd& index, const std::string& path);

/// The lists of free pages, from which the next transactions take theirs: each within its value,
/// in order, of pages that the file has. Costs a microsecond for a thousand free pages. Errors:
/// repo_damaged.
[[nodiscard]] Result<void> check_free_lists(MDB_env* env);

struct Reader {
    pid_t number = 0;        ///< as it registered; 0: there is none
    std::uint64_t state = 0; ///< the transaction whose result it reads
};
/// The reader of the oldest state. Errors: repo_damaged.
[[nodiscard]] Result<Reader> oldest_reader(MDB_env* env);
/// Whether a reader is registered under that number. Errors: repo_damaged.
[[nodiscard]] Result<bool> is_registered(MDB_env* env, pid_t number);

/// Whether LMDB has taken the table of readers as one that is made, where a process died while it
/// made it: then the table says that there was no transaction yet. What would be read is old, and
/// what is written would have an old number and be lost. Errors: repo_damaged.
[[nodiscard]] Result<bool> is_half_made(MDB_env* env);

/// Bytes of pages that would be free but for a reader of that state. Errors: repo_damaged.
[[nodiscard]] Result<std::uint64_t> bytes_kept_for(MDB_env* env, std::uint64_t state);

} // namespace codex::repo::detail
