// REPO/writers/<id>: one file for each writer of a dataset, locked while it lives. What is pending
// in the index for an id without a locked file was left behind, and gc takes it back, unless it is
// a partial dataset's, whose tree is in the file.
#pragma once

#include "base/fd.hpp"
#include "base/random.hpp"

#include <optional>

namespace codex::repo::detail {

/// The name of a writer's file.
[[nodiscard]] std::string writer_path(const std::string& directory, std::uint64_t id);

class WriterLock {
public:
    /// A new id from `random`. Errors: no_space, permission, io.
    [[nodiscard]] static Result<WriterLock> create(const std::string& directory, Random& random);
    WriterLock(WriterLock&& other) noexcept = default;
    WriterLock& operator=(WriterLock&&) noexcept = default;
    /// Removes the file: nothing may be pending any more.
    ~WriterLock();

    [[nodiscard]] std::uint64_t id() const { return id_; }
    /// Whether the file has bytes: it was a partial dataset's. What cannot be asked has some.
    [[nodiscard]] bool has_tree() const;
    /// Leaves the file to gc, because something is still pending.
    void abandon();

    /// Takes the lock of a writer that is dead, so that one process at a time cleans up after it.
    /// Nothing when the writer lives, or somebody is at it.
    [[nodiscard]] static Result<std::optional<WriterLock>> take_dead(const std::string& directory,
                                                                     std::uint64_t id);
    /// Whether the writer is dead, without the right to clean up after it. A lock that may not be
    /// looked at counts as held.
    [[nodiscard]] static bool is_dead(const std::string& directory, std::uint64_t id);
    /// The ids of all files in the folder.
    [[nodiscard]] static Result<std::vector<std::uint64_t>> list(const std::string& directory);

private:
    WriterLock(std::uint64_t id, std::string path, Fd fd)
        : id_(id), path_(std::move(path)), fd_(std::move(fd)) {}
    std::uint64_t id_;
    std::string path_;
    Fd fd_;
};

} // namespace codex::repo::detail
