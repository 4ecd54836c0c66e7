#include "repo/index/resident.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace codex::repo::detail {

namespace {

/// Uses between two times of letting go. A use maps up to 64 KiB around a page or two.
constexpr std::uint32_t kUses = 512;
constexpr off_t kBytesAUse = 64 << 10;
/// Uses between two times of looking at how much there may be to let go of.
constexpr std::uint32_t kLookEvery = 128;

/// Page faults of this process so far: no fewer than those that mapped something of the file.
std::uint64_t faults() {
    struct rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_minflt + usage.ru_majflt);
}

} // namespace

void ResidentPages::watch(void* begin, std::size_t size, int file) {
    begin_ = begin;
    size_ = begin == nullptr ? 0 : size;
    file_ = file;
    let_go_at_ = {};
}

void ResidentPages::touched() {
    const std::uint32_t uses = count_.fetch_add(1, std::memory_order_relaxed) + 1;
    if (uses % kLookEvery != 0 || size_ == 0)
        return;
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || uses - let_go_at_.uses < kUses)
        return;
    // Lookups in the order of keys find most pages where those before them have left them.
    const std::uint64_t now = faults();
    if (now - let_go_at_.faults < kUses - kLookEvery)
        return;
    let_go_at_ = {uses, now};
    struct stat st{};
    if (::fstat(file_, &st) == 0 && st.st_size <= kUses * kBytesAUse)
        return; // finding the pages again would be a third of a lookup
    // The bytes come back from the page cache unchanged.
    ::madvise(begin_, size_, MADV_DONTNEED);
}

} // namespace codex::repo::detail
