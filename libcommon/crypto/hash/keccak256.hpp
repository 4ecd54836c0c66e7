// Keccak-256 as Ethereum uses it, and with it the ids of the DHT (codex-dht(7), IDS): the padding
// of Keccak's submission, which is not that of SHA3-256 (FIPS 202).
#pragma once

#include "base/bytes.hpp"

namespace codex::crypto {

/// The digest of one message.
[[nodiscard]] Digest keccak256(BytesView message);

} // namespace codex::crypto
