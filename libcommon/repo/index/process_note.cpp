#include "repo/index/process_note.hpp"

#include "base/fd.hpp"

#include <array>
#include <charconv>
#include <dirent.h>
#include <memory>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

constexpr std::uint64_t kMaxCommandLine = 65536;
constexpr std::uint64_t kMaxStatus = 65536;
constexpr std::uint64_t kMaxLockTable = std::uint64_t{1} << 20;
/// Characters of a command line that are worth a place in an error.
constexpr std::size_t kMostShown = 200;

/// Of /proc/`process`; empty where it cannot be read, or the process has none (any more).
std::string command_line(std::string_view process) {
    auto text = read_file(fmt::format("/proc/{}/cmdline", process), kMaxCommandLine);
    if (!text)
        return {};
    std::string command(as_text(*text));
    while (!command.empty() && command.back() == '\0')
        command.pop_back();
    for (char& c : command)
        if (static_cast<unsigned char>(c) < 0x20)
            c = ' ';
    return command.substr(0, kMostShown);
}

/// The name of this process's PID namespace, or nothing.
std::string own_namespace() {
    std::array<char, 64> name{};
    const ssize_t n = ::readlink("/proc/self/ns/pid", name.data(), name.size());
    return {name.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
}

/// "process 123 codex-chunk put f", or the number alone.
std::string named_process(std::string_view process) {
    const std::string command = command_line(process);
    return fmt::format("process {}{}{}", process, command.empty() ? "" : " ", command);
}

std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
}

/// One blank-separated word off the front.
std::string_view take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(word.size());
    return word;
}

pid_t number_of(std::string_view digits) {
    pid_t process = 0;
    const auto [stop, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), process);
    return error == std::errc() && stop == digits.data() + digits.size() ? process : 0;
}

/// Whether it can be seen that this is the number of a thread, and of no process. It has a folder
/// in /proc, too, where its process's open files are.
bool is_thread(pid_t number) {
    const auto text = read_file(fmt::format("/proc/{}/status", number), kMaxStatus);
    if (!text)
        return false;
    constexpr std::string_view kGroup = "\nTgid:\t";
    const std::string_view status = as_text(*text);
    const std::size_t at = status.find(kGroup);
    if (at == std::string_view::npos)
        return false;
    std::string_view rest = status.substr(at + kGroup.size());
    return number_of(take_line(rest)) != number;
}

enum class Answer : std::uint8_t { no, yes, unknown };

Answer looks_open(pid_t process, dev_t device, ino_t inode) {
    if (is_thread(process))
        return Answer::no;
    const std::string path = fmt::format("/proc/{}/fd", process);
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()),
                                                     [](DIR* d) { return ::closedir(d); });
    if (!folder)
        return errno == ENOENT ? Answer::no : Answer::unknown;
    while (const dirent* entry = ::readdir(folder.get())) {
        struct stat st{};
        if (::fstatat(::dirfd(folder.get()), entry->d_name, &st, 0) == 0 && st.st_dev == device &&
            st.st_ino == inode)
            return Answer::yes;
    }
    return Answer::no;
}

} // namespace

std::string own_note() {
    return fmt::format("{} {}\n{}\n", ::getpid(), command_line("self"), own_namespace());
}

std::string read_note(std::string_view note) {
    note = note.substr(0, note.find('\0'));
    std::string_view line = take_line(note);
    const std::string_view space = take_line(note);
    if (line.empty())
        return {};
    const bool ours = space.empty() || space == own_namespace();
    const std::string_view process = take_word(line);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (ours)
        return fmt::format("process {}{}{}", process, line.empty() ? "" : " ", line);
    return fmt::format("a process of another PID namespace{}{}", line.empty() ? "" : ": ", line);
}

pid_t process_of_note(std::string_view note) {
    note = note.substr(0, note.find('\0'));
    std::string_view line = take_line(note);
    const std::string_view space = take_line(note);
    return space.empty() || space == own_namespace() ? number_of(take_word(line)) : 0;
}

pid_t process_of_words(std::string_view words) {
    take_word(words); // "process"
    return number_of(take_word(words));
}

bool has_open(pid_t process, dev_t device, ino_t inode) {
    return looks_open(process, device, inode) == Answer::yes;
}

std::string describe_user(pid_t process, dev_t device, ino_t inode) {
    if (process <= 0 || looks_open(process, device, inode) == Answer::no)
        return {};
    return named_process(fmt::format("{}", process));
}

std::string flock_holder(dev_t device, ino_t inode) {
    const auto table = read_file("/proc/locks", kMaxLockTable);
    if (!table)
        return {};
    const std::string wanted = fmt::format("{:02x}:{:02x}:{}", major(device), minor(device), inode);
    std::string_view rest = as_text(*table);
    while (!rest.empty()) {
        std::string_view line = take_line(rest);
        take_word(line); // "1:"; a waiting one has "->" behind it, and no FLOCK
        if (take_word(line) != "FLOCK")
            continue;
        take_word(line); // ADVISORY
        take_word(line); // READ or WRITE
        const std::string_view process = take_word(line);
        if (take_word(line) == wanted)
            return named_process(process);
    }
    return {};
}

} // namespace codex::repo::detail
