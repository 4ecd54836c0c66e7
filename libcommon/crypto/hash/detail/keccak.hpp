// The sponge that Keccak-256 and SHA3-256 are, which differ in their padding.
#pragma once

#include "base/bytes.hpp"

namespace codex::crypto::detail {

/// `padding` is the byte behind the message: 0x01 of Keccak-256, 0x06 of SHA3-256.
[[nodiscard]] Digest keccak_sponge(BytesView message, std::uint8_t padding);

} // namespace codex::crypto::detail
