// What a proof of a slot shows, as numbers (codex-market(7), PROOFS).
#pragma once

#include "ethereum/abi/value.hpp"

namespace codex::market {

/// The circuit's public inputs: of the challenge 31 bytes, the lowest first, the root likewise, the
/// slot's number.
[[nodiscard]] std::array<ethereum::UInt256, 3> proof_inputs(const ethereum::abi::Word& challenge,
                                                            const ethereum::abi::Word& root,
                                                            std::uint64_t index);

} // namespace codex::market
