#include "repo/segments/own_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

std::string_view kind_of(const struct stat& st) {
    switch (st.st_mode & S_IFMT) {
    case S_IFLNK:
        return "a symbolic link";
    case S_IFDIR:
        return "a folder";
    case S_IFREG:
        return "a file";
    case S_IFIFO:
        return "a pipe";
    case S_IFSOCK:
        return "a socket";
    default:
        return "a device";
    }
}

Unexpected<Error> refuse(const std::string& path, const struct stat& st, std::string_view wanted) {
    return fail(
        Error(Errc::repo_damaged,
              fmt::format("{}: is {}, where a repo has {}", path, kind_of(st), wanted))
            .hint("no codex tool has made it so; do not use a repo that you do not trust")
            .remedy(
                Remedy(Remedy::move_away, "if it is yours, move it away, and try again").of(path)));
}

Result<Fd> open_folder(const std::string& path, Below below) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    if (below == Below::repo)
        return open_file(folder, flags);
    return open_own_folder(path.substr(0, slash));
}

} // namespace

Result<Fd> open_own_file(const std::string& path, int flags, Below below) {
    CODEX_TRY(folder, open_folder(path, below));
    return open_own_file(folder, path, flags);
}

Result<Fd> open_own_folder(const std::string& path) {
    CODEX_CHECK(require_own_folder(path));
    return open_file(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

Result<void> require_own_file(const std::string& path) {
    struct stat st{};
    if (::lstat(path.c_str(), &st) != 0)
        return errno == ENOENT ? Result<void>() : fail(system_error(errno, "open " + path));
    return S_ISREG(st.st_mode) ? Result<void>() : refuse(path, st, "a file");
}

Result<Fd> open_own_file(const Fd& folder, const std::string& path, int flags) {
    const std::string name = path.substr(path.rfind('/') + 1);
    struct stat st{};
    // Before it is opened, too: opening alone does something to some devices.
    if (::fstatat(folder.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        !S_ISREG(st.st_mode))
        return refuse(path, st, "a file");
    Fd fd;
    for (;;) {
        fd = Fd(::openat(folder.get(), name.c_str(),
                         flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
        if (fd || errno != EINTR)
            break;
    }
    if (!fd)
        return fail(system_error(errno, fmt::format("open {}", path)));
    if (::fstat(fd.get(), &st) != 0)
        return fail(system_error(errno, fmt::format("open {}", path)));
    if (!S_ISREG(st.st_mode))
        return refuse(path, st, "a file");
    return fd;
}

Result<Bytes> read_own_file(const std::string& path, std::uint64_t max_bytes) {
    CODEX_TRY(fd, open_own_file(path, O_RDONLY));
    Bytes content(static_cast<std::size_t>(max_bytes) + 1);
    CODEX_TRY(n, read_full(fd.get(), content, path));
    if (n > max_bytes)
        return fail(Errc::limit_exceeded, "{}: larger than {} bytes", path, max_bytes);
    content.resize(n);
    return content;
}

Result<void> require_own_folder(const std::string& path) {
    struct stat st{};
    if (::lstat(path.c_str(), &st) != 0)
        return fail(system_error(errno, fmt::format("open {}", path)));
    if (!S_ISDIR(st.st_mode))
        return refuse(path, st, "a folder");
    return {};
}

} // namespace codex::repo::detail
