// Bytes and views of them: the one vocabulary for binary data at every border.
//
// An octet is std::uint8_t, not std::byte: every C interface below us (libcrypto, zstd, LMDB)
// and every table in the arithmetic speaks unsigned char, and the casts would hide real ones.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace codex {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

/// A 32-byte digest: SHA-256 output, or a BN254 scalar in little-endian canonical form.
using Digest = std::array<std::uint8_t, 32>;

/// The octets of `text`, not copied; valid as long as `text`.
[[nodiscard]] inline BytesView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// `bytes` seen as text (no check of its encoding), not copied.
[[nodiscard]] inline std::string_view as_text(BytesView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline bool equal(BytesView a, BytesView b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

inline void append(Bytes& to, BytesView from) {
    to.insert(to.end(), from.begin(), from.end());
}

} // namespace codex
