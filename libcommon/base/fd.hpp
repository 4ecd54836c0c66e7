// File descriptors and whole-buffer I/O: owned, restarted on EINTR, errors that name the file.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <utility>

namespace codex {

/// Owns one descriptor; -1 is "none". Closing errors are ignored: who needs them syncs first.
/// Threads: as a number.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept;
    ~Fd() { reset(); }

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
    /// Gives the descriptor up without closing it.
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }
    void reset();

private:
    int fd_ = -1;
};

/// open(2) with O_CLOEXEC. Errors: system_error of "open PATH"; not_found also of a name that leads
/// to no file (too long, through a file, in a circle of links), but where O_NOFOLLOW or O_DIRECTORY
/// ask what it is that stands there.
[[nodiscard]] Result<Fd> open_file(const std::string& path, int flags, unsigned mode = 0666);

// What follows is restarted after a signal, and waits where the descriptor is non-blocking and not
// ready: the streams of a tool may have been left so by whoever had them before.

/// One read(2): what is there, at most `to`; 0 at the end, or when `to` is empty.
[[nodiscard]] Result<std::size_t> read_some(int fd, MutableBytes to, std::string_view name);
/// Reads until `to` is full or the end; returns the bytes read. `name` is for the error text.
[[nodiscard]] Result<std::size_t> read_full(int fd, MutableBytes to, std::string_view name);
/// The same at `offset`, without moving the file position.
[[nodiscard]] Result<std::size_t> pread_full(int fd, MutableBytes to, std::uint64_t offset,
                                             std::string_view name);
/// Writes all of `from`. EPIPE is an io error like others (tools die of SIGPIPE before).
[[nodiscard]] Result<void> write_full(int fd, BytesView from, std::string_view name);
[[nodiscard]] Result<void> pwrite_full(int fd, BytesView from, std::uint64_t offset,
                                       std::string_view name);

/// All that comes until the end, which may be a pipe's. Memory grows with what comes, not with
/// `max_bytes`. Errors: system_error; limit_exceeded naming `name`.
[[nodiscard]] Result<Bytes> read_all(int fd, std::string_view name, std::uint64_t max_bytes);
/// The whole file. Errors: system_error; limit_exceeded when it is larger than `max_bytes`.
[[nodiscard]] Result<Bytes> read_file(const std::string& path, std::uint64_t max_bytes);

/// Makes `path`, a regular file or none, hold `content`, all or nothing, also across power loss: a
/// temporary file in the same folder, fsync, rename, fsync of the folder. A kill leaves the old
/// file, never a torn one.
[[nodiscard]] Result<void> write_file_atomic(const std::string& path, BytesView content,
                                             unsigned mode = 0666);

/// Makes `path`, where nothing is, hold `content`, in the same way; a kill leaves nothing. Errors:
/// exists, when there is anything of that name, which is then as it was; cannot_create, permission,
/// no_space, io.
[[nodiscard]] Result<void> write_new_file(const std::string& path, BytesView content,
                                          unsigned mode = 0666);

/// A file for reading and writing in `folder` that has no name, and is gone when it is closed.
/// Errors: cannot_create, permission, not_found.
[[nodiscard]] Result<Fd> unnamed_file(const std::string& folder);

/// The error of a file that cannot be made, for `cause`: permission, no_space and files_exhausted
/// stay what they are, with their way out; what is not found then is the folder, so all others are
/// cannot_create.
[[nodiscard]] Error creation_error(const std::string& path, const Error& cause);

/// Whether linkat(2) could give the unnamed file (O_TMPFILE) a name, for which it needs /proc.
[[nodiscard]] bool can_be_named(int fd);

/// fsync of a folder, so that a created or renamed entry survives power loss.
[[nodiscard]] Result<void> sync_directory(const std::string& path);

/// A file that appears under its name only when it is whole: unnamed (O_TMPFILE) while it is
/// written, so that a kill leaves nothing behind; where it replaces another file, and on systems
/// without O_TMPFILE or /proc, it has a hidden temporary name beside `path` first. What `path` is
/// now, is replaced: who does not know that it is a regular file or none, takes OutputFile.
/// Threads: one at a time.
class AtomicFile {
public:
    /// Errors: cannot_create, permission, no_space.
    [[nodiscard]] static Result<AtomicFile> create(const std::string& path, unsigned mode = 0666);
    AtomicFile(AtomicFile&&) noexcept = default;
    /// What this one held is left to `other`, which abandons it when it ends.
    AtomicFile& operator=(AtomicFile&& other) noexcept {
        std::swap(fd_, other.fd_);
        path_.swap(other.path_);
        temporary_.swap(other.temporary_);
        return *this;
    }
    ~AtomicFile();

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] const std::string& path() const { return path_; }
    /// fsync, and a temporary name, so that commit() can hardly fail any more. Errors: io,
    /// no_space.
    [[nodiscard]] Result<void> prepare();
    /// fsync, then gives the file its name, replacing an older one. Errors: io, no_space.
    [[nodiscard]] Result<void> commit();
    /// The same, but replaces nothing. Errors: exists, io, no_space.
    [[nodiscard]] Result<void> commit_new();

private:
    AtomicFile() = default;
    [[nodiscard]] Result<void> sync_name();
    [[nodiscard]] bool link_to(const std::string& name) const;
    Fd fd_;
    std::string path_;
    std::string temporary_; // empty while unnamed
};

} // namespace codex
