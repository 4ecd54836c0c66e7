#include "base/secret_file.hpp"

#include "base/fd.hpp"
#include "base/printable.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace codex {

namespace {

constexpr unsigned kOwnerOnly = 0600;
/// All that is not reading and writing by the owner.
constexpr unsigned kTooMuch = 07777 & ~kOwnerOnly;

Result<unsigned> mode_of_regular(int fd, const std::string& path) {
    struct stat file{};
    if (::fstat(fd, &file) != 0)
        return fail(system_error(errno, fmt::format("stat {}", path)));
    if (!S_ISREG(file.st_mode))
        return fail(Error(Errc::key_file_invalid,
                          fmt::format("{}: a key is in a regular file, which this is not", path))
                        .hint("name another file"));
    return static_cast<unsigned>(file.st_mode);
}

} // namespace

Result<SecretFile> SecretFile::read(const std::string& path, std::size_t max_bytes) {
    // Of a FIFO that nobody writes to, opening does not end otherwise.
    CODEX_TRY(fd, open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    CODEX_TRY(mode, mode_of_regular(fd.get(), path));
    SecretBytes content(max_bytes + 1);
    CODEX_TRY(size, read_full(fd.get(), content, path));
    content.resize(size);
    return SecretFile(path, mode, std::move(content));
}

Result<void> SecretFile::check_owner_alone() const {
    if ((mode_ & kTooMuch) == 0)
        return {};
    return fail(Error(Errc::permission,
                      fmt::format("{}: others than its owner may use this key: its mode is "
                                  "{:04o}, not 0600",
                                  path_, mode_ & 07777))
                    .hint(fmt::format("if nobody else has seen it, restrict it: chmod 600 {}; "
                                      "else make a new key",
                                      shell_quoted(path_))));
}

Error SecretFile::wrong_content(Error&& error) const {
    return std::move(error).context(path_).hint(
        fmt::format("name another file, or move this one away: mv {} {}.away", shell_quoted(path_),
                    shell_quoted(path_)));
}

Result<void> write_new_secret_file(const std::string& path, BytesView content) {
    return write_new_file(path, content, kOwnerOnly);
}

} // namespace codex
