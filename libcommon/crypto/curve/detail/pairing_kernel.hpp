// The pairing compiled for an instruction set; plain types only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace codex::crypto::detail {

/// The product of `count` pairings as 12 * 4 Montgomery limbs (c0.c0.c0, c0.c0.c1, c0.c1.c0 ...).
/// g1: 8 limbs a point, g2: 16.
using PairingProduct = void (*)(const std::uint64_t* g1, const std::uint64_t* g2, std::size_t count,
                                std::uint64_t* product);

void pairing_product_portable(const std::uint64_t* g1, const std::uint64_t* g2, std::size_t count,
                              std::uint64_t* product);
#if defined(__x86_64__)
void pairing_product_adx(const std::uint64_t* g1, const std::uint64_t* g2, std::size_t count,
                         std::uint64_t* product);
#endif

} // namespace codex::crypto::detail
