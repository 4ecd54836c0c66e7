// Makes the operator new of a test program refuse memory. Included by one file of each program that
// needs it: it replaces the operator for the whole program.
#pragma once

#include <atomic>
#include <cstdlib>
#include <new>

namespace codex::test {

/// Allocations left until one is refused; below zero: none is.
inline std::atomic<long> memory_countdown{-1};

/// Lets the `n`-th allocation from now on fail, of whatever thread, and those after it succeed.
class FailingMemory {
public:
    explicit FailingMemory(long n) { memory_countdown = n; }
    ~FailingMemory() { memory_countdown = -1; }
    FailingMemory(const FailingMemory&) = delete;
    FailingMemory& operator=(const FailingMemory&) = delete;
    /// Whether that allocation has been asked for.
    [[nodiscard]] bool refused() const { return memory_countdown < 0; }
};

inline void* allocate_or_throw(std::size_t bytes, std::size_t alignment) {
    if (memory_countdown.load(std::memory_order_relaxed) >= 0 && memory_countdown.fetch_sub(1) == 0)
        throw std::bad_alloc();
    void* memory =
        alignment <= alignof(std::max_align_t)
            ? std::malloc(bytes == 0 ? 1 : bytes)
            : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (memory == nullptr)
        throw std::bad_alloc();
    return memory;
}

inline void* allocate_or_nothing(std::size_t bytes, std::size_t alignment) noexcept {
    try {
        return allocate_or_throw(bytes, alignment);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

} // namespace codex::test

[[gnu::noinline]] void* operator new(std::size_t bytes) {
    return codex::test::allocate_or_throw(bytes, 1);
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return codex::test::allocate_or_throw(bytes, static_cast<std::size_t>(alignment));
}
// Those of the standard library call the others; those of sanitizers do not.
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    return codex::test::allocate_or_nothing(bytes, 1);
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment,
                                     const std::nothrow_t&) noexcept {
    return codex::test::allocate_or_nothing(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
