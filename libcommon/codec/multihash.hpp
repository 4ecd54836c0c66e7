// Multihash: uvarint(hash codec) | uvarint(digest length) | digest (codex-cid(5), CODECS).
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "codec/multicodec.hpp"

#include <optional>

namespace codex::codec {

/// Longest digest of any hash here, and the longest identity "digest" accepted.
constexpr std::size_t kMaxDigestBytes = 64;

/// A multihash inside other bytes, valid as long as those.
struct Multihash {
    HashCodec hash = HashCodec::identity;
    BytesView digest;
    std::size_t size = 0; ///< bytes taken from the front, digest included
};

/// Whether a digest of `size` bytes is one of `hash`: exact for each hash function, up to
/// kMaxDigestBytes for identity, never for a function that is not usable for content
/// (poseidon2_keyed_compress) or not known.
[[nodiscard]] bool is_digest_size(HashCodec hash, std::size_t size);

/// The multihash at the front of `bytes`; what follows is not looked at. Errors: truncated,
/// multihash_invalid (unknown function, wrong digest length), varint_invalid; all name the offset
/// counted from the front plus `offset`.
[[nodiscard]] Result<Multihash> read_multihash(BytesView bytes, std::size_t offset = 0);

/// Appends `digest`, whose length fits `hash` (is_digest_size), as a multihash.
void append_multihash(Bytes& to, HashCodec hash, BytesView digest);

} // namespace codex::codec
