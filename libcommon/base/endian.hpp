// Fixed-width integers in byte buffers, whatever the alignment. All formats here are little-endian
// except LMDB keys, which are big-endian so that byte order is numeric order.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>

namespace codex {

namespace detail {
template <std::unsigned_integral T> [[nodiscard]] constexpr T byteswap(T value) {
    if constexpr (sizeof(T) == 1)
        return value;
    else if constexpr (sizeof(T) == 2)
        return static_cast<T>(__builtin_bswap16(value));
    else if constexpr (sizeof(T) == 4)
        return __builtin_bswap32(value);
    else
        return __builtin_bswap64(value);
}
} // namespace detail

/// The sizeof(T) bytes at `from` as a little-endian (load_be: big-endian) integer.
template <std::unsigned_integral T> [[nodiscard]] inline T load_le(const std::uint8_t* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return std::endian::native == std::endian::little ? value : detail::byteswap(value);
}
template <std::unsigned_integral T> [[nodiscard]] inline T load_be(const std::uint8_t* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return std::endian::native == std::endian::big ? value : detail::byteswap(value);
}
template <std::unsigned_integral T> inline void store_le(std::uint8_t* to, T value) {
    if constexpr (std::endian::native != std::endian::little)
        value = detail::byteswap(value);
    std::memcpy(to, &value, sizeof value);
}
template <std::unsigned_integral T> inline void store_be(std::uint8_t* to, T value) {
    if constexpr (std::endian::native != std::endian::big)
        value = detail::byteswap(value);
    std::memcpy(to, &value, sizeof value);
}

} // namespace codex
