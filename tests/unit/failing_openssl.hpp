// Memory that is refused within OpenSSL. Included by one file of each program that needs it: it
// replaces the allocator of the library for the whole program, before anything has used it.
#pragma once

#include "base/bytes.hpp"

#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <set>

namespace codex::test {
namespace {

std::atomic<long> openssl_left{-1}; // allocations until one is refused; below zero: none is

bool openssl_refuses() {
    return openssl_left >= 0 && openssl_left-- == 0;
}
void* openssl_allocate(std::size_t bytes, const char* /*file*/, int /*line*/) {
    return openssl_refuses() ? nullptr : std::malloc(bytes);
}
void* openssl_reallocate(void* memory, std::size_t bytes, const char* /*file*/, int /*line*/) {
    return openssl_refuses() ? nullptr : std::realloc(memory, bytes);
}
void openssl_release(void* memory, const char* /*file*/, int /*line*/) {
    std::free(memory);
}
const bool openssl_hooked =
    CRYPTO_set_mem_functions(openssl_allocate, openssl_reallocate, openssl_release) == 1;

/// For a process of its own (EXPECT_EXIT, threadsafe), where nothing has been looked up yet. Does
/// it again and again, each time with another allocation refused, until none is: some are, and what
/// it gives is always the same.
[[noreturn]] void refuse_each(const std::function<Bytes()>& job) {
    // What OpenSSL makes once for all is there: where memory is refused to that, it stays without.
    EVP_MD_free(EVP_MD_fetch(nullptr, "SHA256", nullptr));
    long refused = 0;
    std::set<Bytes> given;
    for (long nth = 0; openssl_left < 0; ++nth) {
        openssl_left = nth;
        try {
            given.insert(job());
        } catch (const std::bad_alloc&) {
            ++refused;
        }
    }
    openssl_left = -1;
    given.insert(job());
    const bool well =
        openssl_hooked && refused != 0 && given.size() == 1 && !given.begin()->empty();
    std::cerr << (well ? "all is well" : "wrong") << ": " << refused << '\n';
    std::_Exit(0);
}

} // namespace
} // namespace codex::test
