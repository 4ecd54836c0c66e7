// Files that a command line names, where "-" is stdin.
#pragma once

#include "base/fd_stream.hpp"

#include <optional>
#include <string>

namespace codex::toolkit {

/// What errors call the file at `path`: that, or "stdin" for "-".
[[nodiscard]] std::string input_name(const std::string& path);

/// The argument as a shell takes it back, for a hint; "-" stays stdin.
[[nodiscard]] std::string typed(const std::string& argument);

/// A file, or stdin, to be read. stdin stays open when this ends.
struct InputFile {
    Fd file;          ///< none: stdin
    std::string name; ///< input_name()

    [[nodiscard]] int fd() const;
    /// Its bytes from here on; this must outlive it. Errors: io.
    [[nodiscard]] Result<FdSource> source() const { return FdSource::create(fd(), name); }
};
/// The error about a file that has no byte where `what` was to come: input_empty.
[[nodiscard]] Error nothing_came(const std::string& path, std::string_view what);

/// Opens `path`, or takes stdin for "-". Errors: unsupported for a folder, with that way out, or
/// a general one; the system's.
[[nodiscard]] Result<InputFile> open_input(const std::string& path,
                                           std::optional<Remedy> way_for_folder = {});
/// All of it. Errors: limit_exceeded when it has more than `max_bytes`; those of open_input().
[[nodiscard]] Result<Bytes> read_input(const std::string& path, std::uint64_t max_bytes,
                                       std::optional<Remedy> way_for_folder = {});

} // namespace codex::toolkit
