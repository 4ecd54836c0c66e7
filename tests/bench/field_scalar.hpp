// The scalar products of field_bench, for files compiled with and without mulx/adx.
#pragma once

#include "crypto/field/field.hpp"
#include "field_kernels.hpp"

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {

struct ScalarField {
    static void batch(std::uint64_t* a, const std::uint64_t* b, std::size_t rounds) {
        auto* to = reinterpret_cast<Fr*>(a);
        const auto* by = reinterpret_cast<const Fr*>(b);
        for (std::size_t round = 0; round < rounds; ++round)
            for (std::size_t i = 0; i < bench::kBatch; ++i)
                to[i] *= by[i];
    }
    static void chain(std::uint64_t* a, const std::uint64_t* b, std::size_t rounds) {
        auto* to = reinterpret_cast<Fr*>(a);
        const auto* by = reinterpret_cast<const Fr*>(b);
        for (std::size_t round = 0; round < rounds; ++round)
            *to *= *by;
    }
};

} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto
