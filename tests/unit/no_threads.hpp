// Makes the system refuse threads: a stack as large as the address space cannot be had.
#pragma once

#include <pthread.h>

namespace codex::test {

/// While it lives, no thread can be started in this process.
class NoThreads {
public:
    NoThreads() {
        ::pthread_attr_t attributes;
        ::pthread_getattr_default_np(&attributes);
        ::pthread_attr_getstacksize(&attributes, &before_);
        ::pthread_attr_destroy(&attributes);
        set(std::size_t{1} << 50);
    }
    ~NoThreads() { set(before_); }
    NoThreads(const NoThreads&) = delete;
    NoThreads& operator=(const NoThreads&) = delete;

private:
    static void set(std::size_t bytes) {
        ::pthread_attr_t attributes;
        ::pthread_attr_init(&attributes);
        ::pthread_attr_setstacksize(&attributes, bytes);
        ::pthread_setattr_default_np(&attributes);
        ::pthread_attr_destroy(&attributes);
    }
    std::size_t before_ = 0;
};

} // namespace codex::test
