#include "crypto/curve/pairing.hpp"

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "crypto/curve/detail/pairing_kernel.hpp"

#include <vector>

namespace codex::crypto {

GtElement pairing_product(std::span<const G1> ps, std::span<const G2> qs) {
    CODEX_ASSERT(ps.size() == qs.size());
    detail::PairingProduct kernel = detail::pairing_product_portable;
#if defined(__x86_64__)
    if (cpu::features().adx)
        kernel = detail::pairing_product_adx;
#endif
    GtElement product;
    kernel(reinterpret_cast<const std::uint64_t*>(ps.data()),
           reinterpret_cast<const std::uint64_t*>(qs.data()), ps.size(),
           reinterpret_cast<std::uint64_t*>(product.data()));
    return product;
}

bool pairing_product_is_one(std::span<const G1> ps, std::span<const G2> qs) {
    GtElement one{};
    one[0] = Fq::one();
    return pairing_product(ps, qs) == one;
}

bool is_in_group(const G1& point) {
    return point.is_on_curve();
}

bool is_in_group(const G2& point) {
    return point.is_on_curve() && G2Sum::from_affine(point).times(FrParams::kModulus).is_infinity();
}

} // namespace codex::crypto
