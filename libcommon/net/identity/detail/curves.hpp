// The two signature schemes, behind plain functions over bytes: libsecp256k1 and libsodium stand in
// one file each.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"

namespace codex::net::detail {

constexpr std::size_t kScalarBytes = 32;
constexpr std::size_t kCompressedBytes = 33;

/// 33 bytes that name a point of the curve.
[[nodiscard]] bool is_secp256k1_point(BytesView compressed);
/// 32 bytes, big-endian, of a number from 1 to the group's order less 1.
[[nodiscard]] bool is_secp256k1_scalar(BytesView scalar);
/// The compressed point of a scalar that is one.
[[nodiscard]] std::array<std::uint8_t, kCompressedBytes> secp256k1_public(BytesView scalar);
/// ECDSA over SHA-256 of `message`, the nonce by RFC 6979, low s, in DER: at most 72 bytes.
[[nodiscard]] Bytes secp256k1_sign(BytesView scalar, BytesView message);
/// False, too, when s is high, or the DER is not the shortest.
[[nodiscard]] bool secp256k1_verify(BytesView compressed, BytesView message, BytesView signature);
/// The product of a scalar that is one and a point that is one, compressed.
[[nodiscard]] SecretBytes secp256k1_agree(BytesView scalar, BytesView compressed);

/// 32 bytes that name a point of the prime-order group's curve, and none of small order.
[[nodiscard]] bool is_ed25519_point(BytesView point);
[[nodiscard]] bool ed25519_verify(BytesView point, BytesView message, BytesView signature);

} // namespace codex::net::detail
