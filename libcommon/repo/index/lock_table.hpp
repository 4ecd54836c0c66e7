// REPO/index.mdb-lock, LMDB's table of readers: there and of its size before LMDB maps it, and
// never made anew beside one that somebody still uses.
#pragma once

#include "base/fd.hpp"
#include "repo/index/surroundings.hpp"

#include <sys/types.h>

namespace codex::repo::detail {

/// Rows of the table.
constexpr unsigned kMaxReaders = 510;

class LockTable {
public:
    /// Of the index `path`. `index` is a descriptor of that index that holds flock(2) shared; where
    /// the table is missing or too small it is upgraded until the table is made, so that nobody
    /// else has the index open meanwhile; or until another one has made it. Errors: repo_locked
    /// after the wait of `around`, no_space, permission, io; repo_damaged when it is no regular
    /// file.
    [[nodiscard]] static Result<LockTable> open(const std::string& path, const Fd& index,
                                                const Surroundings& around);
    LockTable(LockTable&&) noexcept = default;
    LockTable& operator=(LockTable&&) noexcept = default;
    /// Closing any descriptor of the file drops the locks LMDB has on it: ends after the
    /// environment.
    ~LockTable() = default;

    /// Another number than before that LMDB may take for our process number, reserved for us:
    /// LMDB knows living processes by a lock on that byte of the file, and processes of two PID
    /// namespaces have the same numbers. Errors: io.
    [[nodiscard]] Result<pid_t> reserve_number();
    /// The process number in such a number.
    [[nodiscard]] static pid_t process_of(pid_t number);
    [[nodiscard]] const Fd& fd() const { return fd_; }
    /// Whether it was cut, or lost the room on the disk that it maps.
    [[nodiscard]] bool damaged() const;

private:
    explicit LockTable(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
    pid_t number_ = 0;
    unsigned tries_ = 0;
};

/// A descriptor of the index with flock(2), shared: as long as it is open, nobody replaces the
/// index or its table of readers, whatever happened to REPO/lock. Errors: not_found, permission,
/// io; repo_damaged; repo_locked after the wait of `around`.
[[nodiscard]] Result<Fd> share_index(const std::string& path, const Surroundings& around);
/// The same, exclusively: nobody has the index open. An index that is not there is nobody's.
[[nodiscard]] Result<Fd> claim_index(const std::string& path, const Surroundings& around);

} // namespace codex::repo::detail
