// Secrets of provers and key makers: drawn from the system, wiped when they go.
#pragma once

#include "crypto/field/field.hpp"

namespace codex::proof::detail {

/// Fills `bytes` from the system's generator. Ends the process when the system gives no randomness:
/// nothing sound can be done without.
void random_bytes(MutableBytes bytes);
/// A uniform scalar from 64 such bytes, reduced: bias below 2^-250.
[[nodiscard]] crypto::Fr random_scalar();

/// Overwrites memory in a way that the compiler keeps.
void wipe(void* memory, std::size_t size);

/// Holds a T and wipes it at the end.
template <class T> class Secret {
public:
    Secret() = default;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() { wipe(&value_, sizeof value_); }
    T& operator*() { return value_; }
    T* operator->() { return &value_; }

private:
    T value_{};
};

} // namespace codex::proof::detail
