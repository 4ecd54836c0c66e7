// The pairing's kernel, one element at a time; for files compiled with and without mulx/adx.
#pragma once

#include "crypto/curve/detail/many_pairs.hpp"
#include "crypto/curve/detail/pairing_kernel.hpp"

#include <cstring>

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {

struct ScalarPairing {
    template <auto kLoop>
    static void miller(const std::uint64_t* g1, const std::uint64_t* g2, std::size_t count,
                       std::uint64_t* f, unsigned char* outside) {
        const Fq12 value = kLoop({reinterpret_cast<const G1*>(g1), count},
                                 {reinterpret_cast<const G2*>(g2), count}, outside);
        std::memcpy(f, static_cast<const void*>(&value), sizeof value);
    }

    static void finish(const std::uint64_t* values, std::size_t count, std::uint64_t* product) {
        Fq12 value = Fq12::one();
        for (std::size_t i = 0; i < count; ++i)
            value *= reinterpret_cast<const Fq12*>(values)[i];
        value = Pairing::final_exponentiation(value);
        std::memcpy(product, static_cast<const void*>(&value), sizeof value);
    }

    static bool in_subgroup(const std::uint64_t* g2) {
        return Pairing::in_subgroup(*reinterpret_cast<const G2*>(g2));
    }

    static constexpr detail::PairingKernel kKernel = {
        miller<Pairing::miller>, miller<ManyPairs::miller>, finish, in_subgroup};
};

} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto
