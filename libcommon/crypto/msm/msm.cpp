#include "crypto/msm/msm.hpp"

#include "base/cpu.hpp"
#include "base/endian.hpp"
#include "base/error.hpp"
#include "crypto/msm/detail/bucket_sums.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace codex::crypto {

namespace {

/// Bits of a scalar.
constexpr unsigned kScalarBits = 254;
/// Bytes of buckets that one thread fills at random: half of a common second-level cache.
constexpr std::size_t kBucketBytes = std::size_t{512} << 10;

unsigned window_count(unsigned bits) {
    return kScalarBits / bits + 1;
}

/// The window width with the least additions: every point once a window, and two a bucket.
unsigned choose_window(std::size_t points, std::size_t point_bytes) {
    unsigned best = 2;
    double best_cost = 0;
    for (unsigned bits = best; bits <= 15; ++bits) {
        const std::size_t buckets = std::size_t{1} << (bits - 1);
        if (bits > best && buckets * point_bytes > kBucketBytes)
            break;
        const double cost =
            window_count(bits) * (static_cast<double>(points) + 2 * static_cast<double>(buckets));
        if (bits == 2 || cost < best_cost) {
            best = bits;
            best_cost = cost;
        }
    }
    return best;
}

/// One digit of a scalar in base 2^bits, from -2^(bits-1) to 2^(bits-1) - 1; the last, which has
/// fewer bits, is as it is. What a digit carries into the next is 1 where it is negative, and that
/// is told by its own bits, except for one value that a carry from below turns over.
class Digits {
public:
    Digits(unsigned bits, unsigned window)
        : bits_(bits), window_(window), byte_(std::min(below(window) * bits / 8, 24U)),
          shift_(below(window) * bits - 8 * byte_), mask_((1U << bits) - 1),
          half_(1U << (bits - 1)), wrap_(window + 1 == window_count(bits) ? UINT32_MAX : half_) {}

    [[nodiscard]] std::int32_t of(const Digest& scalar) const {
        // This window's bits and those of the one below are in one word: none is wider than 15.
        const std::uint64_t word = load_le<std::uint64_t>(scalar.data() + byte_) >> shift_;
        const auto low = static_cast<std::uint32_t>(word) & mask_;
        if (window_ == 0)
            return signed_digit(low);
        const auto high = static_cast<std::uint32_t>(word >> bits_) & mask_;
        if (low == half_ - 1) [[unlikely]]
            return signed_digit(high + (Digits(bits_, window_ - 1).of(scalar) < 0 ? 1 : 0));
        return signed_digit(high + (low >= half_ ? 1 : 0));
    }

private:
    static unsigned below(unsigned window) { return window == 0 ? 0 : window - 1; }
    [[nodiscard]] std::int32_t signed_digit(std::uint32_t digit) const {
        return static_cast<std::int32_t>(digit) -
               (digit >= wrap_ ? static_cast<std::int32_t>(mask_) + 1 : 0);
    }

    unsigned bits_;
    unsigned window_;
    unsigned byte_; ///< where the word begins
    unsigned shift_;
    std::uint32_t mask_;
    std::uint32_t half_;
    std::uint32_t wrap_; ///< digits from here on are negative
};

bool is_infinity(const std::uint8_t* point, std::size_t bytes) {
    for (std::size_t at = 0; at < bytes; at += 32) {
        std::uint64_t words[4];
        std::memcpy(words, point + at, sizeof words);
        if ((words[0] | words[1] | words[2] | words[3]) != 0)
            return false;
    }
    return true;
}

/// sum_i digit_i * points[i] for one window.
template <class F>
Jacobian<F> window_sum(std::span<const Digest> scalars, const std::uint8_t* points, unsigned bits,
                       unsigned window) {
    const std::size_t buckets = std::size_t{1} << (bits - 1);
    const Digits digits(bits, window);
    detail::Accumulator<F> sums(detail::add_kernel<F>(), std::max(scalars.size(), 2 * buckets));
    sums.start(buckets);
    for (std::size_t i = 0; i < scalars.size(); ++i) {
        const std::int32_t digit = digits.of(scalars[i]);
        const std::uint8_t* point = points + i * sizeof(Affine<F>);
        if (digit != 0 && !is_infinity(point, sizeof(Affine<F>)))
            sums.add(static_cast<std::size_t>(std::abs(digit)) - 1, point, digit < 0);
    }
    return detail::weighted_sum<F>(sums, sums.finish());
}

template <class F>
Jacobian<F> msm_with(std::span<const Digest> scalars, BytesView bytes, Executor& pool) {
    CODEX_ASSERT(bytes.size() == scalars.size() * sizeof(Affine<F>));
    if (scalars.empty())
        return Jacobian<F>::infinity();
    const unsigned bits = choose_window(scalars.size(), sizeof(Affine<F>));
    std::vector<Jacobian<F>> sums(window_count(bits));
    const auto one_window = [&](std::size_t w) {
        sums[w] = window_sum<F>(scalars, bytes.data(), bits, static_cast<unsigned>(w));
    };
    pool.parallel_for(sums.size(), one_window);
    Jacobian<F> result = Jacobian<F>::infinity();
    for (std::size_t w = sums.size(); w-- > 0;) {
        for (unsigned i = 0; i < bits; ++i)
            result = result.doubled();
        result += sums[w];
    }
    return result;
}

} // namespace

namespace detail {

const AddKernel& g1_add_kernel() {
#if defined(__x86_64__)
    const cpu::Features& cpu = cpu::features();
    if (cpu.avx512_ifma)
        return g1_add_ifma();
    if (cpu.avx2)
        return g1_add_avx2();
#endif
    return g1_add_portable();
}

const AddKernel& g2_add_kernel() {
#if defined(__x86_64__)
    const cpu::Features& cpu = cpu::features();
    if (cpu.avx512_ifma)
        return g2_add_ifma();
    if (cpu.avx2)
        return g2_add_avx2();
#endif
    return g2_add_portable();
}

} // namespace detail

G1Sum msm_g1(std::span<const Digest> scalars, BytesView points, Executor& pool) {
    return msm_with<Fq>(scalars, points, pool);
}

G2Sum msm_g2(std::span<const Digest> scalars, BytesView points, Executor& pool) {
    return msm_with<Fq2>(scalars, points, pool);
}

} // namespace codex::crypto
