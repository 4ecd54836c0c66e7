// Where LMDB keeps the pages that it changes.
//
// It copies them by offsets that stand in them, and those of a damaged page lead anywhere within 64
// KiB of it, or make it copy without an end. So pages lie apart from all other memory, between
// bounds that no such copy passes without a fault, which ends the call as an error
// (lmdb_calls.hpp).
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <sys/mman.h>
#include <vector>

namespace codex::repo::detail::lmdb {

namespace {

constexpr std::size_t kPage = 4096;
/// Further than any 16-bit offset leads, on both sides.
constexpr std::size_t kBound = std::size_t{128} << 10;
constexpr std::size_t kChunkBytes = std::size_t{1} << 20;
/// Nothing that LMDB needs for an index of 64 GiB is larger, but what a damaged one asks for.
constexpr std::size_t kMostBytes = std::size_t{512} << 20;

class PagePool {
public:
    static PagePool& instance() {
        // Outlives whoever gives pages back at the end, and asks nobody for memory.
        alignas(PagePool) static std::byte place[sizeof(PagePool)];
        static auto* pool = new (place) PagePool;
        return *pool;
    }

    /// Null when memory is refused: nothing may be thrown through LMDB.
    void* take(std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        if (bytes != kPage) // a chunk is known by its size
            return map(bytes == kChunkBytes ? bytes + kPage : bytes);
        if (free_.empty()) {
            if (!make_room())
                return nullptr;
            auto* chunk = static_cast<std::uint8_t*>(map(kChunkBytes));
            if (chunk == nullptr)
                return nullptr;
            for (std::size_t at = kChunkBytes; at > 0; at -= kPage)
                free_.push_back(chunk + at - kPage);
        }
        void* page = free_.back();
        free_.pop_back();
        ++pages_;
        return page;
    }

    /// False when it is none of ours.
    bool give_back(void* memory) {
        const std::lock_guard lock(mutex_);
        const auto at = reinterpret_cast<std::uintptr_t>(memory);
        auto range = ranges_.upper_bound(at);
        if (range == ranges_.begin() || at - (--range)->first >= range->second)
            return false;
        if (range->second != kChunkBytes) {
            unmap(range->first, range->second);
            ranges_.erase(range);
            return true;
        }
        free_.push_back(memory);
        if (--pages_ == 0)
            unmap_chunks();
        return true;
    }

private:
    /// So that no page of a further chunk that is given back asks for memory.
    bool make_room() {
        try {
            free_.reserve(pages_ + kChunkBytes / kPage);
            return true;
        } catch (const std::bad_alloc&) {
            return false;
        }
    }
    /// `bytes` between bounds that may not be touched.
    void* map(std::size_t bytes) {
        void* all = ::mmap(nullptr, bytes + 2 * kBound, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (all == MAP_FAILED)
            return nullptr;
        void* inner = static_cast<std::uint8_t*>(all) + kBound;
        if (::mprotect(inner, bytes, PROT_READ | PROT_WRITE) != 0) {
            ::munmap(all, bytes + 2 * kBound);
            return nullptr;
        }
        try {
            ranges_.emplace(reinterpret_cast<std::uintptr_t>(inner), bytes);
        } catch (const std::bad_alloc&) {
            ::munmap(all, bytes + 2 * kBound);
            return nullptr;
        }
        return inner;
    }
    static void unmap(std::uintptr_t begin, std::size_t bytes) {
        // Ranges are looked up as numbers.
        ::munmap(reinterpret_cast<void*>(begin - kBound), bytes + 2 * kBound);
    }
    /// No page is in use.
    void unmap_chunks() {
        free_.clear();
        std::erase_if(ranges_, [](const auto& range) {
            if (range.second == kChunkBytes)
                unmap(range.first, range.second);
            return range.second == kChunkBytes;
        });
    }

    std::mutex mutex_;
    std::map<std::uintptr_t, std::size_t> ranges_; // what map() gave, by where it begins
    std::vector<void*> free_;                      // pages of chunks
    std::size_t pages_ = 0;                        // of chunks, in use
};

} // namespace

} // namespace codex::repo::detail::lmdb

using namespace codex::repo::detail::lmdb; // C has no
                                           // namespaces

extern "C" {

void* codex_lmdb_malloc(std::size_t bytes);
void* codex_lmdb_realloc(void* memory, std::size_t bytes);
void codex_lmdb_free(void* memory);

/// LMDB allocates whole pages only for pages.
void* codex_lmdb_malloc(std::size_t bytes) {
    if (bytes > kMostBytes)
        return nullptr;
    return bytes != 0 && bytes % kPage == 0 ? PagePool::instance().take(bytes) : std::malloc(bytes);
}

void* codex_lmdb_realloc(void* memory, std::size_t bytes) {
    return bytes > kMostBytes ? nullptr : std::realloc(memory, bytes); // its lists, never pages
}

void codex_lmdb_free(void* memory) {
    if (memory != nullptr && !PagePool::instance().give_back(memory))
        std::free(memory);
}

} // extern "C"
