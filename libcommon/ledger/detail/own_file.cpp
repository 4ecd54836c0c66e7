#include "ledger/detail/own_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>

namespace codex::ledger::detail {

namespace {

Unexpected<Error> refuse(const std::string& path) {
    return fail(
        Error(Errc::ledger_damaged, fmt::format("{}: is no regular file", path))
            .hint("a ledger never has such a thing; do not use one that you do not trust")
            .remedy(
                Remedy(Remedy::move_away, "if it is yours, move it away, and try again").of(path)));
}

std::optional<mode_t> kind_of(const std::string& path) {
    struct stat st{};
    return ::lstat(path.c_str(), &st) == 0 ? std::optional(st.st_mode & S_IFMT) : std::nullopt;
}

} // namespace

Result<void> require_own_file(const std::string& path) {
    const auto kind = kind_of(path);
    return !kind || *kind == S_IFREG ? Result<void>() : refuse(path);
}

Result<void> require_no_folder(const std::string& path) {
    return kind_of(path) == S_IFDIR ? refuse(path) : Result<void>();
}

Result<Fd> open_own_file(const std::string& path, int flags) {
    // Before it is opened, too: opening alone does something to some devices.
    CODEX_CHECK(require_own_file(path));
    CODEX_TRY(opened, open_file(path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
    struct stat st{};
    if (::fstat(opened.get(), &st) != 0)
        return fail(system_error(errno, "open " + path));
    if (!S_ISREG(st.st_mode))
        return refuse(path);
    return opened;
}

} // namespace codex::ledger::detail
