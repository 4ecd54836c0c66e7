// Butterflies eight at a time, in two vectors of four lanes of doubles. Elements stay in the file
// form (Montgomery with 2^256) in memory; twiddles are kept with 2^260, as doubles, so that a
// product is in the file form again.
//
// By f4_product.hpp products with twiddles, which are below p, of values below 6p are below 2.32p.
#include "crypto/field/detail/f4_product.hpp"
#include "crypto/ntt/detail/ntt_eights.hpp"
#include "crypto/ntt/detail/ntt_kernel.hpp"

#include <cstring>

namespace codex::crypto::detail {

namespace {

using f4::F4;
using f4::Factor;
using f4::FrLimbs52;
using f4::splat;

constexpr std::size_t kVectors = 2;

/// For ntt_eights.hpp, and for runs: eight elements, in limbs below 2^61.
struct Eight {
    static constexpr unsigned kProduct = 3;
    static constexpr std::size_t kLanes = 4 * kVectors;
    struct Twiddle {
        Factor v[kVectors];
    };
    F4 v[kVectors];

    CODEX_INLINE static Eight sum(const Eight& a, const Eight& b) {
        return {{f4::add(a.v[0], b.v[0]), f4::add(a.v[1], b.v[1])}};
    }
    template <unsigned kTimes>
    CODEX_INLINE static Eight difference(const Eight& a, const Eight& b) {
        return {{f4::difference<FrLimbs52, kTimes>(a.v[0], b.v[0]),
                 f4::difference<FrLimbs52, kTimes>(a.v[1], b.v[1])}};
    }
    CODEX_INLINE static Eight times(const Eight& a, const Twiddle& twiddle) {
        Eight result;
        multiply(a, twiddle, result);
        return result;
    }
    [[nodiscard]] CODEX_INLINE Eight reduced() const {
        const F4 spread = f4::spread<FrLimbs52, 1>();
        return {{f4::reduce_small<FrLimbs52>(f4::add(v[0], spread)),
                 f4::reduce_small<FrLimbs52>(f4::add(v[1], spread))}};
    }
    CODEX_INLINE static Eight load(const std::uint64_t* from, std::size_t stride) {
        Eight result;
        for (std::size_t n = 0; n < kVectors; ++n) {
            __m256i r[4];
            for (std::size_t lane = 0; lane < 4; ++lane)
                r[lane] = _mm256_loadu_si256(
                    reinterpret_cast<const __m256i*>(from + (4 * n + lane) * stride));
            f4::transpose(r);
            result.v[n] = f4::from_words(r[0], r[1], r[2], r[3]);
        }
        return result;
    }
    CODEX_INLINE void store(std::uint64_t* to, std::size_t stride) const {
        for (std::size_t n = 0; n < kVectors; ++n) {
            __m256i r[4];
            f4::to_words(v[n], r);
            f4::transpose(r);
            for (std::size_t lane = 0; lane < 4; ++lane)
                _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + (4 * n + lane) * stride),
                                    r[lane]);
        }
    }

private:
    // Not inlined: a product is 7 KiB of code.
    [[gnu::noinline]] static void multiply(const Eight& a, const Twiddle& twiddle, Eight& to) {
        const Factor left[kVectors] = {f4::factor(a.v[0]), f4::factor(a.v[1])};
        f4::mul<FrLimbs52>(left, twiddle.v, to.v);
    }
};

constexpr std::size_t kTwiddleWords = 5;

Eight::Twiddle factors(const Eight& a) {
    return {{f4::factor(a.v[0]), f4::factor(a.v[1])}};
}

/// The 2^260 form of a 2^256 form, not reduced.
Eight raise(const Eight& a) {
    const Factor by = f4::factor(splat(FrLimbs52::kFrom256));
    return Eight::times(a, {{by, by}});
}

Eight same(const std::uint64_t* words) {
    const F4 value =
        f4::from_words(splat(words[0]), splat(words[1]), splat(words[2]), splat(words[3]));
    return {{value, value}};
}

/// Twiddles `index` to index + 7.
Eight::Twiddle twiddle_at(const std::uint64_t* twiddles, std::size_t index) {
    Eight::Twiddle result;
    std::memcpy(static_cast<void*>(&result), twiddles + kTwiddleWords * index, sizeof result);
    return result;
}

[[gnu::noinline]] void make_all(const std::uint64_t* roots, std::size_t count,
                                std::uint64_t* twiddles) {
    for (std::size_t i = 0; i < count; i += 8) {
        const Eight::Twiddle made = factors(raise(Eight::load(roots + 4 * i, 4)).reduced());
        std::memcpy(twiddles + kTwiddleWords * i, &made, sizeof made);
    }
}

[[gnu::noinline]] void dif_all(std::uint64_t* low, std::uint64_t* high,
                               const std::uint64_t* twiddles, std::size_t count) {
    for (std::size_t i = 0; i < count; i += 8) {
        const Eight a = Eight::load(low + 4 * i, 4);
        const Eight b = Eight::load(high + 4 * i, 4);
        Eight::sum(a, b).reduced().store(low + 4 * i, 4);
        Eight::times(Eight::difference<1>(a, b), twiddle_at(twiddles, i))
            .reduced()
            .store(high + 4 * i, 4);
    }
}

[[gnu::noinline]] void dit_all(std::uint64_t* low, std::uint64_t* high,
                               const std::uint64_t* twiddles, std::size_t count) {
    for (std::size_t i = 0; i < count; i += 8) {
        const Eight a = Eight::load(low + 4 * i, 4);
        const Eight b = Eight::times(Eight::load(high + 4 * i, 4), twiddle_at(twiddles, i));
        Eight::sum(a, b).reduced().store(low + 4 * i, 4);
        Eight::difference<3>(a, b).reduced().store(high + 4 * i, 4);
    }
}

[[gnu::noinline]] void multiply_all(std::uint64_t* values, const std::uint64_t* others,
                                    const std::uint64_t* common, std::size_t count) {
    const Eight::Twiddle once = factors(raise(raise(same(common))));
    for (std::size_t i = 0; i < count; i += 8) {
        const Eight factor = Eight::times(Eight::load(others + 4 * i, 4), once);
        Eight::times(Eight::load(values + 4 * i, 4), factors(factor))
            .reduced()
            .store(values + 4 * i, 4);
    }
}

[[gnu::noinline]] void multiply_subtract_all(std::uint64_t* a, const std::uint64_t* b,
                                             const std::uint64_t* c, std::size_t count) {
    for (std::size_t i = 0; i < count; i += 8) {
        const Eight product =
            Eight::times(Eight::load(a + 4 * i, 4), factors(raise(Eight::load(b + 4 * i, 4))));
        Eight::difference<1>(product, Eight::load(c + 4 * i, 4)).reduced().store(a + 4 * i, 4);
    }
}

[[gnu::noinline]] eights::Roots<Eight> roots_of(const std::uint64_t* roots) {
    return {{factors(raise(same(roots)).reduced()), factors(raise(same(roots + 4)).reduced()),
             factors(raise(same(roots + 8)).reduced())}};
}

[[gnu::noinline]] void dif_all_eights(std::uint64_t* values, const std::uint64_t* roots,
                                      std::size_t count) {
    const auto powers = roots_of(roots);
    eights::each<Eight>(values, count, [&](Eight(&x)[8]) { eights::dif(x, powers); });
}

[[gnu::noinline]] void dit_all_eights(std::uint64_t* values, const std::uint64_t* roots,
                                      std::size_t count) {
    const auto powers = roots_of(roots);
    eights::each<Eight>(values, count, [&](Eight(&x)[8]) { eights::dit(x, powers); });
}

/// A function as the kernel gives it: with rounding as products want it.
template <auto kFunction, class... Arguments> void rounded(Arguments... arguments) {
    const f4::RoundTowardZero rounding;
    kFunction(arguments...);
}

} // namespace

const NttKernel& ntt_avx2() {
    static constexpr NttKernel kKernel = {
        "avx2",
        kTwiddleWords,
        rounded<make_all>,
        rounded<dif_all>,
        rounded<dit_all>,
        8 * Eight::kLanes,
        rounded<dif_all_eights>,
        rounded<dit_all_eights>,
        rounded<multiply_all>,
        rounded<multiply_subtract_all>,
    };
    return kKernel;
}

} // namespace codex::crypto::detail
