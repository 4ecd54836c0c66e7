// Arithmetic on numbers from outside: every overflow is an answer, not a wrap.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

namespace codex {

template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_add(T a, std::type_identity_t<T> b) {
    T sum;
    return __builtin_add_overflow(a, b, &sum) ? std::nullopt : std::optional<T>(sum);
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_mul(T a, std::type_identity_t<T> b) {
    T product;
    return __builtin_mul_overflow(a, b, &product) ? std::nullopt : std::optional<T>(product);
}

/// ceil(a / b) without overflow; b > 0.
[[nodiscard]] constexpr std::uint64_t div_up(std::uint64_t a, std::uint64_t b) {
    return a / b + (a % b != 0 ? 1 : 0);
}

/// The smallest power of two >= x, with next_pow2(0) = next_pow2(1) = 1; x <= 2^63.
[[nodiscard]] constexpr std::uint64_t next_pow2(std::uint64_t x) {
    std::uint64_t power = 1;
    while (power < x)
        power <<= 1;
    return power;
}

} // namespace codex
