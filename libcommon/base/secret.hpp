// What nobody else may learn: kept out of core dumps and swap, and wiped when it goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace codex {

/// Lets this process leave no core dump from now on, and no other one look into it that has not
/// the right to everything (RLIMIT_CORE, PR_SET_DUMPABLE). For the commands that hold secrets,
/// before they have one. What it starts inherits the limit.
void forbid_core_dumps();

/// Overwrites memory in a way that the compiler keeps.
void wipe(void* memory, std::size_t bytes);

/// Overwrites what calls that have returned left on the stack of this thread, 64 KiB deep: values
/// that went through registers are spilled there.
void wipe_stack();

namespace detail {

/// Pages of their own: locked, where the limit (RLIMIT_MEMLOCK) allows it, and in no core dump.
/// Throws bad_alloc.
[[nodiscard]] void* allocate_secret(std::size_t bytes);
/// Wipes and gives back.
void free_secret(void* memory, std::size_t bytes) noexcept;

} // namespace detail

template <class T> struct SecretAllocator {
    using value_type = T;
    SecretAllocator() = default;
    template <class U> explicit SecretAllocator(const SecretAllocator<U>& /*other*/) {}
    [[nodiscard]] T* allocate(std::size_t count) {
        if (count > SIZE_MAX / sizeof(T))
            throw std::bad_array_new_length();
        return static_cast<T*>(detail::allocate_secret(count * sizeof(T)));
    }
    void deallocate(T* memory, std::size_t count) noexcept {
        detail::free_secret(memory, count * sizeof(T));
    }
    friend bool operator==(const SecretAllocator&, const SecretAllocator&) { return true; }
};

/// Each has pages of its own, so they are for few or large things.
template <class T> using SecretVector = std::vector<T, SecretAllocator<T>>;
using SecretBytes = SecretVector<std::uint8_t>;

/// One T, in pages of its own.
/// Threads: as T.
template <class T> class Secret {
public:
    Secret() : value_(1) {}
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    T& operator*() { return value_[0]; }
    T* operator->() { return value_.data(); }

private:
    SecretVector<T> value_;
};

} // namespace codex
