// Where a command writes a result that was given a name: a file that appears whole or not at all,
// or a device, a pipe, an open descriptor, which are written to as they are.
#pragma once

#include "base/fd.hpp"

#include <optional>
#include <span>

namespace codex {

/// A regular file, also at the end of a symbolic link, is replaced by commit(). "-" and
/// /dev/stdout, /dev/fd/N and their like are the descriptors that the process was given, at their
/// position; they do not need /proc. Threads: one at a time.
class OutputFile {
public:
    /// Opens it, so that what cannot work is known before the work. Waits for the reader of a FIFO.
    /// Errors: cannot_create, permission, no_space.
    [[nodiscard]] static Result<OutputFile> open(const std::string& path);
    /// The same, but waits for nobody: nothing, where it is a FIFO that nobody reads yet.
    [[nodiscard]] static Result<std::optional<OutputFile>> open_if_read(const std::string& path);

    [[nodiscard]] int fd() const { return special_ ? special_.get() : file_->fd(); }
    /// Whether it is an empty file of its own, which can be written to at any offset.
    [[nodiscard]] bool is_new_file() const { return file_.has_value(); }
    /// Gives a new file its name. Errors: io, no_space.
    [[nodiscard]] Result<void> commit();
    /// Names all of `files`; when one fails, all names are what they were before: nothing, or the
    /// files of before where the file system has hard links. Errors: io, no_space.
    [[nodiscard]] static Result<void> commit_all(std::span<OutputFile> files);

private:
    OutputFile() = default;
    [[nodiscard]] static Result<std::optional<OutputFile>> open_now(const std::string& path,
                                                                    bool waits);
    [[nodiscard]] static Result<std::optional<OutputFile>> open_special(const std::string& path,
                                                                        bool waits);
    std::optional<AtomicFile> file_;
    Fd special_;
};

/// Whether `path` leads to the file, pipe or terminal that is stdout, so that what is written there
/// stands among what is written to stdout. What swallows all, /dev/null, does not.
[[nodiscard]] bool is_stdout(const std::string& path);

} // namespace codex
