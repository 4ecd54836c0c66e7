// The field that a file of iden3's formats says it is over.
#pragma once

#include "base/bytes.hpp"
#include "base/endian.hpp"

namespace codex::snark::detail {

/// The prime of FrParams or FqParams as headers hold it: 32 bytes, little-endian.
template <class Params> [[nodiscard]] Digest modulus_bytes() {
    Digest bytes;
    for (std::size_t i = 0; i < 4; ++i)
        store_le(bytes.data() + 8 * i, Params::kModulus[i]);
    return bytes;
}

} // namespace codex::snark::detail
