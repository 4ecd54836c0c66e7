// REPO/lock: who holds it, and waiting for it.
#include "repo/detail/store.hpp"

#include "base/log.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/sysmacros.h>
#include <thread>
#include <unistd.h>

namespace codex::repo {

namespace {

constexpr std::uint64_t kMaxSmallFile = 65536;
constexpr std::uint64_t kMaxLockTable = std::uint64_t{1} << 20;

/// "1234 codex-chunk put x"; `pid` is a number, or "self".
std::string describe(std::string_view pid, std::string_view number) {
    std::string command = "?";
    if (auto text = read_file(fmt::format("/proc/{}/cmdline", pid), kMaxSmallFile);
        text && !text->empty()) {
        command.assign(as_text(*text));
        while (!command.empty() && command.back() == '\0')
            command.pop_back();
        for (char& c : command)
            if (static_cast<unsigned char>(c) < 0x20)
                c = ' ';
    }
    return fmt::format("{} {}", number, command.substr(0, 200));
}

/// One blank-separated word off the front.
std::string_view next_word(std::string_view& line) {
    const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t end = std::min(line.find(' ', begin), line.size());
    const std::string_view word = line.substr(begin, end - begin);
    line.remove_prefix(end);
    return word;
}

/// A process that has a lock on the file, as the kernel knows it: shared holders leave no note.
/// Empty where /proc does not say.
std::string some_holder(const struct stat& file) {
    const auto table = read_file("/proc/locks", kMaxLockTable);
    if (!table)
        return {};
    const std::string wanted =
        fmt::format("{:02x}:{:02x}:{}", major(file.st_dev), minor(file.st_dev), file.st_ino);
    std::string_view rest = as_text(*table);
    while (!rest.empty()) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        next_word(line); // "1:"; a waiting one has "->" behind it, and no FLOCK
        if (next_word(line) != "FLOCK")
            continue;
        next_word(line); // ADVISORY
        next_word(line); // READ or WRITE
        const std::string_view pid = next_word(line);
        if (next_word(line) == wanted)
            return describe(pid, pid);
    }
    return {};
}

std::string holder(const std::string& lock_path) {
    auto text = read_file(lock_path, kMaxSmallFile);
    std::string line(text ? as_text(*text) : std::string_view());
    while (!line.empty() && line.back() == '\n')
        line.pop_back();
    struct stat file{};
    if (line.empty() && ::stat(lock_path.c_str(), &file) == 0)
        line = some_holder(file);
    return line.empty() ? "other processes use it" : "held by process " + line;
}

} // namespace

Result<Fd> lock_repo(const std::string& path, bool exclusive, std::uint64_t timeout_seconds) {
    using Clock = std::chrono::steady_clock;
    const std::string name = path + "/lock";
    auto fd = open_file(name, O_RDWR | O_CREAT, 0600);
    if (!fd && fd.error().code() == Errc::permission && !exclusive)
        fd = open_file(name, O_RDONLY); // flock needs no right to write
    if (!fd)
        return fail(std::move(fd).error());
    const auto deadline = Clock::now() + std::chrono::seconds(timeout_seconds);
    bool waiting = false;
    while (::flock(fd->get(), (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return fail(system_error(errno, "lock " + name));
        if (Clock::now() >= deadline)
            return fail(Error(Errc::repo_locked, fmt::format("{}: {}", path, holder(name)))
                            .hint("try again when it is done, or wait longer: --lock-timeout"));
        if (!std::exchange(waiting, true))
            log::write(log::Level::notice, "codex repostore", "Waiting for the repo",
                       {{"path", path}, {"holder", holder(name)}});
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    struct stat st{};
    if (!exclusive && ::fstat(fd->get(), &st) == 0 && st.st_size > 0)
        (void)!::ftruncate(fd->get(), 0); // a note of a holder that was killed
    if (exclusive) {
        const std::string who = describe("self", fmt::format("{}", ::getpid())) + "\n";
        (void)!::ftruncate(fd->get(), 0);
        CODEX_CHECK(pwrite_full(fd->get(), as_bytes(who), 0, name));
    }
    return std::move(*fd);
}

} // namespace codex::repo
