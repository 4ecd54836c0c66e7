#include "repo/index/resident.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

namespace codex::repo::detail {

namespace {

/// Uses between two times of letting go. A use maps up to 64 KiB around a page or two.
constexpr std::uint32_t kUses = 512;
constexpr off_t kBytesAUse = 64 << 10;

} // namespace

void ResidentPages::watch(void* begin, std::size_t size, int file) {
    begin_ = begin;
    size_ = begin == nullptr ? 0 : size;
    file_ = file;
}

void ResidentPages::touched() {
    if (count_.fetch_add(1, std::memory_order_relaxed) % kUses != kUses - 1 || size_ == 0)
        return;
    struct stat st{};
    if (::fstat(file_, &st) == 0 && st.st_size <= kUses * kBytesAUse)
        return; // finding the pages again would be a third of a lookup
    // The bytes come back from the page cache unchanged.
    ::madvise(begin_, size_, MADV_DONTNEED);
}

} // namespace codex::repo::detail
