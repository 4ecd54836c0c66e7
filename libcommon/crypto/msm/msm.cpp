#include "crypto/msm/msm.hpp"

#include "base/cpu.hpp"
#include "base/endian.hpp"
#include "base/error.hpp"
#include "crypto/msm/detail/add_kernel.hpp"
#include "crypto/msm/detail/bucket_sums.hpp"

#include <algorithm>
#include <vector>

namespace codex::crypto {

namespace {

/// Bits of a scalar.
constexpr unsigned kScalarBits = 254;

/// The window width with the least additions: every point once a window, and about three a bucket.
unsigned choose_window(std::size_t points) {
    unsigned best = 1;
    double best_cost = 0;
    for (unsigned bits = 2; bits <= 16; ++bits) {
        const double windows = static_cast<double>((kScalarBits + bits) / bits);
        const double cost = windows * (static_cast<double>(points) +
                                       3 * static_cast<double>(std::uint64_t{1} << (bits - 1)));
        if (best == 1 || cost < best_cost) {
            best = bits;
            best_cost = cost;
        }
    }
    return best;
}

std::uint64_t bits_at(const Digest& scalar, unsigned at, unsigned count) {
    // The 32 bytes may be followed by nothing: a word that would reach over the end is cut.
    const unsigned word = at / 64;
    const unsigned shift = at % 64;
    std::uint64_t value = load_le<std::uint64_t>(scalar.data() + 8 * word) >> shift;
    if (shift + count > 64 && word < 3)
        value |= load_le<std::uint64_t>(scalar.data() + 8 * word + 8) << (64 - shift);
    return value & ((std::uint64_t{1} << count) - 1);
}

/// Digits of all scalars in -2^(bits-1) .. 2^(bits-1), window after window.
class SignedDigits {
public:
    SignedDigits(std::span<const Digest> scalars, unsigned bits)
        : count_(scalars.size()), windows_((kScalarBits + bits) / bits),
          digits_(count_ * windows_) {
        const std::int32_t half = 1 << (bits - 1);
        for (std::size_t i = 0; i < count_; ++i) {
            std::int32_t carry = 0;
            for (unsigned w = 0; w < windows_; ++w) {
                const unsigned at = w * bits;
                const unsigned width = std::min(bits, at >= 256 ? 0 : 256 - at);
                std::int32_t digit = carry;
                if (width != 0)
                    digit += static_cast<std::int32_t>(bits_at(scalars[i], at, width));
                carry = digit > half ? 1 : 0;
                digit -= carry << bits;
                digits_[w * count_ + i] = digit;
            }
        }
    }
    [[nodiscard]] unsigned windows() const { return windows_; }
    [[nodiscard]] std::span<const std::int32_t> window(unsigned w) const {
        return std::span(digits_).subspan(w * count_, count_);
    }

private:
    std::size_t count_;
    unsigned windows_;
    std::vector<std::int32_t> digits_;
};

/// sum_i digits[i] * points[i] for one window; points in the kernel's form.
template <class F>
Jacobian<F> window_sum(const detail::AddKernel& kernel, const Affine<F>* points,
                       std::span<const std::int32_t> digits, unsigned bits) {
    const std::size_t buckets = std::size_t{1} << (bits - 1);
    // A counting sort by bucket: references of bucket b are those before ends[b].
    detail::Lists lists;
    lists.ends.assign(buckets, 0);
    for (std::size_t i = 0; i < digits.size(); ++i)
        if (digits[i] != 0 && !points[i].is_infinity())
            ++lists.ends[static_cast<std::size_t>(std::abs(digits[i])) - 1];
    std::uint32_t total = 0;
    for (std::uint32_t& end : lists.ends)
        total += std::exchange(end, total);
    lists.references.resize(total);
    for (std::size_t i = 0; i < digits.size(); ++i)
        if (digits[i] != 0 && !points[i].is_infinity())
            lists.references[lists.ends[static_cast<std::size_t>(std::abs(digits[i])) - 1]++] =
                static_cast<std::uint32_t>(2 * i + (digits[i] < 0 ? 1 : 0));
    const std::vector<Affine<F>> sums = detail::sum_lists<F>(kernel, points, lists);
    return detail::weighted_sum<F>(kernel, sums);
}

/// The points where they lie when the kernel can use them so, else a copy in its form.
template <class F> class PreparedPoints {
public:
    PreparedPoints(const detail::AddKernel& kernel, BytesView bytes) {
        const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
        if (kernel.import_points == nullptr && address % alignof(Affine<F>) == 0) {
            data_ = reinterpret_cast<const Affine<F>*>(bytes.data());
            return;
        }
        copy_ = detail::import_points<F>(kernel, bytes);
        data_ = copy_.data();
    }
    [[nodiscard]] const Affine<F>* data() const { return data_; }

private:
    std::vector<Affine<F>> copy_;
    const Affine<F>* data_;
};

template <class F>
Jacobian<F> msm_with(std::span<const Digest> scalars, BytesView bytes, ThreadPool* pool) {
    CODEX_ASSERT(bytes.size() == scalars.size() * sizeof(Affine<F>));
    CODEX_ASSERT(scalars.size() < (std::size_t{1} << 31));
    if (scalars.empty())
        return Jacobian<F>::infinity();
    const detail::AddKernel& kernel = detail::add_kernel<F>();
    const unsigned bits = choose_window(scalars.size());
    const SignedDigits digits(scalars, bits);
    const PreparedPoints<F> points(kernel, bytes);
    std::vector<Jacobian<F>> sums(digits.windows());
    const auto one_window = [&](std::size_t w) {
        sums[w] =
            window_sum<F>(kernel, points.data(), digits.window(static_cast<unsigned>(w)), bits);
    };
    if (pool != nullptr)
        pool->parallel_for(sums.size(), one_window);
    else
        for (std::size_t w = 0; w < sums.size(); ++w)
            one_window(w);
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
    if (cpu.adx)
        return g1_add_adx();
#endif
    return g1_add_portable();
}

const AddKernel& g2_add_kernel() {
#if defined(__x86_64__)
    const cpu::Features& cpu = cpu::features();
    if (cpu.avx512_ifma)
        return g2_add_ifma();
    if (cpu.adx)
        return g2_add_adx();
#endif
    return g2_add_portable();
}

} // namespace detail

G1Sum msm_g1(std::span<const Digest> scalars, BytesView points, ThreadPool* pool) {
    return msm_with<Fq>(scalars, points, pool);
}

G2Sum msm_g2(std::span<const Digest> scalars, BytesView points, ThreadPool* pool) {
    return msm_with<Fq2>(scalars, points, pool);
}

} // namespace codex::crypto
