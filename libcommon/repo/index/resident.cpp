#include "repo/index/resident.hpp"

#include <sys/mman.h>

namespace codex::repo::detail {

namespace {

/// Uses between two times of letting go. A use maps up to 64 KiB around a page or two.
constexpr std::uint32_t kUses = 256;

} // namespace

void ResidentPages::watch(void* begin, std::size_t size) {
    begin_ = begin;
    size_ = begin == nullptr ? 0 : size;
}

void ResidentPages::touched() {
    // The bytes come back from the page cache unchanged.
    if (count_.fetch_add(1, std::memory_order_relaxed) % kUses == kUses - 1 && size_ != 0)
        ::madvise(begin_, size_, MADV_DONTNEED);
}

} // namespace codex::repo::detail
