// Reading a file or pipe in a thread that must be able to stop: a plain read(2) on a pipe nobody
// writes to would keep the whole job from reporting an error of a later stage.
#pragma once

#include "base/fd.hpp"

#include <string>

namespace codex::dataset::detail {

class CancellableInput {
public:
    /// `fd` stays the caller's. Errors: io.
    [[nodiscard]] static Result<CancellableInput> create(int fd, std::string_view name);

    /// Reads until `to` is full, the end, or cancel(); gives the bytes read.
    [[nodiscard]] Result<std::size_t> read(MutableBytes to);
    /// What read(2) gives at once: at least one byte, or 0 at the end and after cancel().
    [[nodiscard]] Result<std::size_t> read_some(MutableBytes to);
    /// Ends a read() in another thread and all later ones; any thread may call it.
    void cancel();

    /// Bytes from here to the end of a regular file; 0 when that is not known.
    [[nodiscard]] std::uint64_t remaining_bytes() const;
    /// Given out so far; for the reading thread.
    [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    CancellableInput(int fd, std::string name, Fd stop)
        : fd_(fd), name_(std::move(name)), stop_(std::move(stop)) {}

    int fd_;
    std::string name_;
    std::uint64_t bytes_read_ = 0;
    Fd stop_; // an eventfd, readable after cancel()
};

} // namespace codex::dataset::detail
