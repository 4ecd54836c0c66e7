// Butterflies one element at a time; for files compiled with and without mulx/adx.
#pragma once

#include "crypto/field/field.hpp"
#include "crypto/ntt/detail/ntt_kernel.hpp"

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {

struct ScalarNtt {
    static Fr* elements(std::uint64_t* words) { return reinterpret_cast<Fr*>(words); }
    static const Fr* elements(const std::uint64_t* words) {
        return reinterpret_cast<const Fr*>(words);
    }

    static void make_twiddles(const std::uint64_t* roots, std::size_t count,
                              std::uint64_t* twiddles) {
        for (std::size_t i = 0; i < count; ++i)
            elements(twiddles)[i] = elements(roots)[i];
    }

    static void dif_run(std::uint64_t* low, std::uint64_t* high, const std::uint64_t* twiddles,
                        std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const Fr difference = elements(low)[i] - elements(high)[i];
            elements(low)[i] += elements(high)[i];
            elements(high)[i] = difference * elements(twiddles)[i];
        }
    }

    static void dit_run(std::uint64_t* low, std::uint64_t* high, const std::uint64_t* twiddles,
                        std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const Fr product = elements(high)[i] * elements(twiddles)[i];
            elements(high)[i] = elements(low)[i] - product;
            elements(low)[i] += product;
        }
    }

    static void multiply(std::uint64_t* values, const std::uint64_t* factors,
                         const std::uint64_t* common, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            elements(values)[i] *= elements(factors)[i] * *elements(common);
    }

    static void multiply_subtract(std::uint64_t* a, const std::uint64_t* b, const std::uint64_t* c,
                                  std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            elements(a)[i] = elements(a)[i] * elements(b)[i] - elements(c)[i];
    }
};

} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto
