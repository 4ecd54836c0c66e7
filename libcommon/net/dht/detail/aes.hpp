// AES-128 as packets use it, behind functions over bytes: libcrypto stands in one file.
#pragma once

#include "base/bytes.hpp"

#include <optional>

namespace codex::net::dht::detail {

using AesKey = std::array<std::uint8_t, 16>;
constexpr std::size_t kGcmTagBytes = 16;
constexpr std::size_t kGcmNonceBytes = 12;

/// Encrypts or decrypts in counter mode, which is the same, in place; `counter` begins there.
void aes_ctr(BytesView key, BytesView counter, MutableBytes bytes);

/// The ciphertext and its tag; `associated` is authenticated, too.
[[nodiscard]] Bytes aes_gcm_seal(const AesKey& key, BytesView nonce, BytesView associated,
                                 BytesView plain);
/// The plain bytes; nothing, when anything is not as it was sealed.
[[nodiscard]] std::optional<Bytes> aes_gcm_open(const AesKey& key, BytesView nonce,
                                                BytesView associated, BytesView sealed);

} // namespace codex::net::dht::detail
