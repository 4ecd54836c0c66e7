#include "repo/detail/resident.hpp"

#include "base/fd.hpp"

#include <charconv>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace codex::repo {

namespace {

/// Uses between two times of letting go. A use maps up to 64 KiB around a page or two.
constexpr std::uint32_t kUses = 256;
constexpr std::uint64_t kMaxMapsBytes = 64 << 20;

/// The next blank-separated field of `line`, taken off its front.
std::string_view take_field(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const std::string_view field = line.substr(0, line.find(' '));
    line.remove_prefix(field.size());
    return field;
}

std::uint64_t number(std::string_view text, int base) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, base);
    return value;
}

} // namespace

void ResidentPages::find(int fd) {
    begin_ = nullptr;
    size_ = 0;
    struct stat status{};
    const auto maps = read_file("/proc/self/maps", kMaxMapsBytes);
    if (!maps || ::fstat(fd, &status) != 0)
        return;
    const std::string device =
        fmt::format("{:02x}:{:02x}", major(status.st_dev), minor(status.st_dev));
    // A line: "begin-end r--s offset device inode path".
    for (std::string_view rest = as_text(*maps); !rest.empty();) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        const std::string_view range = take_field(line), mode = take_field(line);
        take_field(line); // offset
        const bool same_device = take_field(line) == device;
        const bool same_inode = number(take_field(line), 10) == status.st_ino;
        if (!same_device || !same_inode || mode != "r--s")
            continue;
        const std::size_t dash = range.find('-');
        const std::uint64_t begin = number(range.substr(0, dash), 16);
        begin_ = reinterpret_cast<void*>(begin); // NOLINT(performance-no-int-to-ptr)
        size_ = number(range.substr(dash + 1), 16) - begin;
        return;
    }
}

void ResidentPages::touched() {
    // Read-only and shared with a file: the bytes come back from the page cache unchanged.
    if (count_.fetch_add(1, std::memory_order_relaxed) % kUses == kUses - 1 && size_ != 0)
        ::madvise(begin_, size_, MADV_DONTNEED);
}

} // namespace codex::repo
