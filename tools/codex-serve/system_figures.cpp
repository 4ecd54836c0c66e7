#include "system_figures.hpp"

#include "base/fd.hpp"

#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace codex::serve_tool {

namespace {

using node::metrics::SystemFigures;

/// A file of /proc, which is short.
Result<std::string> read_proc(const std::string& path) {
    CODEX_TRY(fd, open_file(path, O_RDONLY));
    Bytes bytes(4096);
    CODEX_TRY(size, read_full(fd.get(), bytes, path));
    return std::string(as_text(BytesView(bytes).first(size)));
}

/// The blank-separated words of `text`.
std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
        if (end > at)
            words.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

Result<double> number_in(const std::vector<std::string_view>& words, std::size_t at) {
    std::uint64_t value = 0;
    if (at >= words.size() ||
        std::from_chars(words[at].data(), words[at].data() + words[at].size(), value).ec !=
            std::errc())
        return fail(Errc::malformed, "/proc says no number in place {}", at);
    return static_cast<double>(value);
}

/// When the system began, Unix seconds.
Result<double> boot_seconds() {
    CODEX_TRY(text, read_proc("/proc/stat"));
    const std::size_t at = text.find("\nbtime ");
    if (at == std::string::npos)
        return fail(Errc::malformed, "/proc/stat does not say when the system began");
    return number_in(words_of(std::string_view(text).substr(at)), 1);
}

/// proc(5), /proc/pid/stat: what stands behind the name, which may have blanks and brackets.
Result<void> read_stat(SystemFigures& figures) {
    constexpr std::size_t kUserTicks = 11;
    constexpr std::size_t kSystemTicks = 12;
    constexpr std::size_t kStartTicks = 19;
    constexpr std::size_t kVirtualBytes = 20;
    constexpr std::size_t kResidentPages = 21;
    CODEX_TRY(text, read_proc("/proc/self/stat"));
    const std::size_t name_end = text.rfind(')');
    const auto words =
        words_of(std::string_view(text).substr(std::min(name_end, text.size() - 1) + 1));
    const auto tick = static_cast<double>(::sysconf(_SC_CLK_TCK));
    CODEX_TRY(user, number_in(words, kUserTicks));
    CODEX_TRY(system, number_in(words, kSystemTicks));
    CODEX_TRY(start, number_in(words, kStartTicks));
    CODEX_SET(figures.virtual_bytes, number_in(words, kVirtualBytes));
    CODEX_TRY(pages, number_in(words, kResidentPages));
    CODEX_TRY(boot, boot_seconds());
    figures.cpu_seconds = (user + system) / tick;
    figures.started = boot + start / tick;
    figures.resident_bytes = pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
    return {};
}

Result<void> count_files(SystemFigures& figures) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
        figures.most_files = static_cast<double>(limit.rlim_cur);
    DIR* const folder = ::opendir("/proc/self/fd");
    if (folder == nullptr)
        return fail(system_error(errno, "list /proc/self/fd"));
    double count = -1; // that of the folder itself
    while (const dirent* const entry = ::readdir(folder))
        count += entry->d_name[0] == '.' ? 0 : 1;
    ::closedir(folder);
    figures.open_files = count;
    return {};
}

} // namespace

Result<SystemFigures> system_figures(const std::string& folder) {
    SystemFigures figures;
    CODEX_CHECK(read_stat(figures));
    CODEX_CHECK(count_files(figures));
    const struct mallinfo2 heap = ::mallinfo2();
    figures.heap_bytes = static_cast<double>(heap.arena + heap.hblkhd);
    figures.heap_used_bytes = static_cast<double>(heap.uordblks + heap.hblkhd);
    figures.heap_mapped_bytes = static_cast<double>(heap.hblkhd);
    struct statvfs disk = {};
    if (::statvfs(folder.c_str(), &disk) != 0)
        return fail(system_error(errno, "ask for the free space of " + folder));
    figures.disk_free_bytes =
        static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
    return figures;
}

} // namespace codex::serve_tool
