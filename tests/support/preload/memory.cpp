// Memory and threads: a refusal is what a limit of the process (RLIMIT_AS, a cgroup) would give.
#include "watch.hpp"

#include <cerrno>
#include <cstdlib>
#include <dlfcn.h>
#include <pthread.h>

extern "C" {
// The C library's own names for what is replaced here.
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* old, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
}

namespace codex::preload {

namespace {

bool no_memory() {
    const int error = refuse(Kind::memory);
    if (error != 0)
        errno = error;
    return error != 0;
}

} // namespace

extern "C" {

void* malloc(size_t bytes) noexcept {
    return no_memory() ? nullptr : __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) noexcept {
    return no_memory() ? nullptr : __libc_calloc(count, bytes);
}
void* realloc(void* old, size_t bytes) noexcept {
    return no_memory() ? nullptr : __libc_realloc(old, bytes);
}
void* memalign(size_t alignment, size_t bytes) noexcept {
    return no_memory() ? nullptr : __libc_memalign(alignment, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) noexcept {
    return no_memory() ? nullptr : __libc_memalign(alignment, bytes);
}
int posix_memalign(void** to, size_t alignment, size_t bytes) noexcept {
    if (const int error = refuse(Kind::memory))
        return error;
    *to = __libc_memalign(alignment, bytes);
    return *to != nullptr ? 0 : ENOMEM;
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                   void* argument) noexcept {
    using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
    static const auto real = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
    if (const int error = refuse(Kind::thread))
        return error;
    return real(thread, attributes, run, argument);
}
}

} // namespace codex::preload
