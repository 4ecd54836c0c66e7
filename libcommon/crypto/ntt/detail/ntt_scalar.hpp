// Butterflies one element at a time; for files compiled with and without mulx/adx.
#pragma once

#include "crypto/field/field.hpp"
#include "crypto/ntt/detail/ntt_eights.hpp"
#include "crypto/ntt/detail/ntt_kernel.hpp"

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {

/// An element for ntt_eights.hpp: always reduced.
struct ScalarEight {
    static constexpr unsigned kProduct = 1;
    static constexpr std::size_t kLanes = 1;
    using Twiddle = Fr;
    Fr value;

    static ScalarEight sum(const ScalarEight& a, const ScalarEight& b) {
        return {a.value + b.value};
    }
    template <unsigned> static ScalarEight difference(const ScalarEight& a, const ScalarEight& b) {
        return {a.value - b.value};
    }
    static ScalarEight times(const ScalarEight& a, const Fr& twiddle) {
        return {a.value * twiddle};
    }
    [[nodiscard]] ScalarEight reduced() const { return *this; }
    static ScalarEight load(const std::uint64_t* from, std::size_t) {
        return {*reinterpret_cast<const Fr*>(from)};
    }
    void store(std::uint64_t* to, std::size_t) const { *reinterpret_cast<Fr*>(to) = value; }
};

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

    static eights::Roots<ScalarEight> roots_of(const std::uint64_t* roots) {
        return {{elements(roots)[0], elements(roots)[1], elements(roots)[2]}};
    }
    static void dif_eights(std::uint64_t* values, const std::uint64_t* roots, std::size_t count) {
        const auto powers = roots_of(roots);
        eights::each<ScalarEight>(values, count,
                                  [&](ScalarEight(&x)[8]) { eights::dif(x, powers); });
    }
    static void dit_eights(std::uint64_t* values, const std::uint64_t* roots, std::size_t count) {
        const auto powers = roots_of(roots);
        eights::each<ScalarEight>(values, count,
                                  [&](ScalarEight(&x)[8]) { eights::dit(x, powers); });
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
