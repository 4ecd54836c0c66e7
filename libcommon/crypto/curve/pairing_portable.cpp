#include "crypto/curve/detail/miller.hpp"
#include "crypto/curve/detail/pairing_kernel.hpp"

#include <cstring>

namespace codex::crypto::detail {

void pairing_product_portable(const std::uint64_t* g1, const std::uint64_t* g2, std::size_t count,
                              std::uint64_t* product) {
    const auto* ps = reinterpret_cast<const field_portable::G1*>(g1);
    const auto* qs = reinterpret_cast<const field_portable::G2*>(g2);
    const field_portable::Fq12 value = field_portable::Pairing::final_exponentiation(
        field_portable::Pairing::miller({ps, count}, {qs, count}));
    std::memcpy(product, static_cast<const void*>(&value), sizeof value);
}

} // namespace codex::crypto::detail
