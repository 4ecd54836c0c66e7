#include "base/secret.hpp"

#include <array>
#include <cstdint>
#include <string.h> // explicit_bzero
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace codex {

void forbid_core_dumps() {
    // Neither can fail: a limit may always be lowered.
    const struct rlimit none = {0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void wipe(void* memory, std::size_t bytes) {
    ::explicit_bzero(memory, bytes);
}

[[gnu::noinline]] void wipe_stack() {
    std::array<std::uint8_t, std::size_t{64} << 10> below;
    ::explicit_bzero(below.data(), below.size());
}

void* detail::allocate_secret(std::size_t bytes) {
    void* memory = ::mmap(nullptr, bytes == 0 ? 1 : bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        throw std::bad_alloc();
    static_cast<void>(::mlock(memory, bytes)); // else it may be swapped, which is no reason to stop
    static_cast<void>(::madvise(memory, bytes, MADV_DONTDUMP));
    return memory;
}

void detail::free_secret(void* memory, std::size_t bytes) noexcept {
    ::explicit_bzero(memory, bytes);
    ::munmap(memory, bytes == 0 ? 1 : bytes);
}

} // namespace codex
