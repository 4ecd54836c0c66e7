#include "net/identity/key_file.hpp"

#include "base/fd.hpp"
#include "base/printable.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace codex::net {
namespace {

constexpr unsigned kOwnerOnly = 0600;
/// All that is not reading and writing by the owner.
constexpr unsigned kTooMuch = 07777 & ~kOwnerOnly;

Result<mode_t> mode_of_regular(int fd, const std::string& path) {
    struct stat file{};
    if (::fstat(fd, &file) != 0)
        return fail(system_error(errno, fmt::format("stat {}", path)));
    if (!S_ISREG(file.st_mode))
        return fail(Error(Errc::key_file_invalid,
                          fmt::format("{}: a key is in a regular file, which this is not", path))
                        .hint("name another file"));
    return file.st_mode;
}

Result<void> check_mode(mode_t mode, const std::string& path) {
    if ((mode & kTooMuch) != 0)
        return fail(Error(Errc::permission,
                          fmt::format("{}: others than its owner may use this key: its mode is "
                                      "{:04o}, not 0600",
                                      path, mode & 07777))
                        .hint(fmt::format("if nobody else has seen it, restrict it: chmod 600 {}; "
                                          "else make a new key",
                                          shell_quoted(path))));
    return {};
}

} // namespace

Result<SecretKey> read_key_file(const std::string& path) {
    // Of a FIFO that nobody writes to, opening does not end otherwise.
    CODEX_TRY(fd, open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    CODEX_TRY(mode, mode_of_regular(fd.get(), path));
    // Longer by one, so that a longer file shows.
    SecretBytes content(SecretKey::kEncodedBytes + 1);
    CODEX_TRY(size, read_full(fd.get(), content, path));
    auto key = SecretKey::decode(BytesView(content).first(size));
    // A file of more bytes may say what it is in those behind.
    if (!key && size == content.size()) {
        SecretBytes more(4096);
        std::copy(content.begin(), content.end(), more.begin());
        CODEX_TRY(rest, read_full(fd.get(), MutableBytes(more).subspan(size), path));
        key = SecretKey::decode(BytesView(more).first(size + rest));
    }
    if (!key)
        return fail(std::move(key.error())
                        .context(path)
                        .hint(fmt::format("name another file, or move this one away: mv {} {}.away",
                                          shell_quoted(path), shell_quoted(path))));
    // Only now: whoever is told to restrict a file that is no key harms what needs it.
    CODEX_CHECK(check_mode(mode, path));
    return key;
}

Result<SecretKey> make_key_file(const std::string& path, SecretRandom& random) {
    CODEX_TRY(key, SecretKey::generate(random));
    auto made = write_new_file(path, key.encode(), kOwnerOnly);
    if (!made)
        return fail(std::move(made.error()).context("new key"));
    return key;
}

Result<SecretKey> read_or_make_key_file(const std::string& path, SecretRandom& random) {
    auto key = read_key_file(path);
    if (key || key.error().code() != Errc::not_found)
        return key;
    auto made = make_key_file(path, random);
    if (!made && made.error().code() == Errc::exists)
        return read_key_file(path);
    return made;
}

} // namespace codex::net
