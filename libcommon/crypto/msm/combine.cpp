// Windows of four bits with signed digits. In a window the points of all combinations are summed
// list by list, so that additions share inversions and fill vector lanes; between windows the
// running sums double side by side.
#include "crypto/msm/combine.hpp"

#include "base/error.hpp"
#include "crypto/msm/detail/bucket_sums.hpp"
#include "crypto/msm/msm.hpp"

#include <algorithm>
#include <cstdlib>

namespace codex::crypto {

namespace {

constexpr unsigned kWindowBits = 4;
constexpr std::size_t kWindows = 64;
/// Digits are -7 .. 8.
constexpr std::size_t kMultiples = 8;
/// Terms from which on buckets of its own pay for one combination.
constexpr std::size_t kLong = 4096;

using Digits = std::array<std::int8_t, kWindows>;

/// The coefficient, or with all signs turned its negative when that is smaller.
Digits digits_of(const Fr& coefficient) {
    const Limbs positive = coefficient.to_limbs();
    const Limbs negative = (-coefficient).to_limbs();
    const bool turned = std::lexicographical_compare(negative.rbegin(), negative.rend(),
                                                     positive.rbegin(), positive.rend());
    const Limbs& value = turned ? negative : positive;
    Digits digits;
    int carry = 0;
    for (std::size_t i = 0; i < kWindows; ++i) {
        int digit = static_cast<int>((value[i / 16] >> (kWindowBits * (i % 16))) & 15) + carry;
        carry = digit > static_cast<int>(kMultiples) ? 1 : 0;
        digit -= carry << kWindowBits;
        digits[i] = static_cast<std::int8_t>(turned ? -digit : digit);
    }
    return digits; // below r / 2, so nothing is carried out of the last
}

template <class F>
std::vector<Affine<F>> doubled(const detail::AddKernel& kernel,
                               const std::vector<Affine<F>>& points) {
    std::vector<detail::PairTask> tasks;
    for (std::uint32_t i = 0; i < points.size(); ++i)
        tasks.push_back({2 * i, 2 * i});
    std::vector<Affine<F>> sums(points.size());
    kernel.add_pairs(detail::words_of(points.data()), detail::words_of(points.data()), tasks.data(),
                     tasks.size(), detail::words_of(sums.data()));
    return sums;
}

/// m * points[i] at (m - 1) * points.size() + i, for m up to `most`.
template <class F>
std::vector<Affine<F>> make_multiples(const detail::AddKernel& kernel,
                                      std::vector<Affine<F>> points, std::size_t most) {
    const std::size_t count = points.size();
    std::vector<detail::PairTask> tasks;
    for (std::uint32_t i = 0; i < count; ++i)
        tasks.push_back({2 * i, 2 * i});
    points.resize(count * most);
    for (std::size_t m = 1; m < most; ++m)
        kernel.add_pairs(detail::words_of(points.data()),
                         detail::words_of(points.data() + (m - 1) * count), tasks.data(), count,
                         detail::words_of(points.data() + m * count));
    return points;
}

/// Running sums of those combinations that have met a digit.
template <class F> class Totals {
public:
    Totals(const detail::AddKernel& kernel, std::size_t combinations)
        : kernel_(kernel), place_(combinations, kNone) {}

    void shift() {
        for (unsigned i = 0; i < kWindowBits && !totals_.empty(); ++i)
            totals_ = doubled<F>(kernel_, totals_);
    }

    void add(const std::vector<Affine<F>>& sums) {
        std::vector<detail::PairTask> tasks;
        for (std::uint32_t i = 0; i < totals_.size(); ++i)
            tasks.push_back({2 * i, 2 * owner_[i]});
        if (!tasks.empty())
            kernel_.add_pairs(detail::words_of(totals_.data()), detail::words_of(sums.data()),
                              tasks.data(), tasks.size(), detail::words_of(totals_.data()));
        for (std::uint32_t i = 0; i < sums.size(); ++i)
            if (place_[i] == kNone && !sums[i].is_infinity()) {
                place_[i] = static_cast<std::uint32_t>(totals_.size());
                owner_.push_back(i);
                totals_.push_back(sums[i]);
            }
    }

    std::vector<Affine<F>> finish() {
        std::vector<Affine<F>> results(place_.size(), Affine<F>::infinity());
        for (std::size_t i = 0; i < totals_.size(); ++i)
            results[owner_[i]] = totals_[i];
        return results;
    }

private:
    static constexpr std::uint32_t kNone = UINT32_MAX;
    const detail::AddKernel& kernel_;
    std::vector<std::uint32_t> place_; ///< of a combination in totals_
    std::vector<std::uint32_t> owner_; ///< of a total
    std::vector<Affine<F>> totals_;
};

template <class F>
Affine<F> long_combination(std::span<const Affine<F>> points, std::span<const PointTerm> terms) {
    std::vector<Digest> scalars;
    std::vector<Affine<F>> bases;
    for (const PointTerm& term : terms) {
        scalars.push_back(term.coefficient.to_bytes());
        bases.push_back(points[term.point]);
    }
    return msm(scalars, std::span<const Affine<F>>(bases)).to_affine();
}

template <class F>
std::vector<Affine<F>> combinations(std::span<const Affine<F>> points,
                                    std::span<const PointTerm> terms,
                                    std::span<const std::uint32_t> ends) {
    CODEX_ASSERT(points.size() < (std::size_t{1} << 31) / kMultiples);
    CODEX_ASSERT(ends.empty() ? terms.empty() : ends.back() == terms.size());
    const detail::AddKernel& kernel = detail::add_kernel<F>();
    const auto begin_of = [&ends](std::size_t i) { return i == 0 ? 0 : ends[i - 1]; };
    const auto is_long = [&](std::size_t i) { return ends[i] - begin_of(i) >= kLong; };
    std::vector<Digits> digits(terms.size());
    int most = 0;
    for (std::size_t i = 0; i < ends.size(); ++i)
        for (std::uint32_t t = begin_of(i); t < ends[i] && !is_long(i); ++t) {
            digits[t] = digits_of(terms[t].coefficient);
            for (const std::int8_t digit : digits[t])
                most = std::max(most, std::abs(static_cast<int>(digit)));
        }
    const auto count = static_cast<std::uint32_t>(points.size());
    const std::vector<Affine<F>> table = make_multiples<F>(
        kernel, {points.begin(), points.end()}, static_cast<std::size_t>(std::max(most, 1)));
    Totals<F> totals(kernel, ends.size());
    for (std::size_t window = kWindows; window-- > 0;) {
        detail::Lists lists;
        for (std::size_t i = 0; i < ends.size(); ++i) {
            for (std::uint32_t t = begin_of(i); t < ends[i]; ++t) {
                const int digit = digits[t][window];
                if (digit != 0)
                    lists.references.push_back(
                        2 * ((static_cast<std::uint32_t>(std::abs(digit)) - 1) * count +
                             terms[t].point) +
                        (digit < 0 ? 1 : 0));
            }
            lists.ends.push_back(static_cast<std::uint32_t>(lists.references.size()));
        }
        totals.shift();
        if (!lists.references.empty())
            totals.add(detail::sum_lists<F>(kernel, table.data(), std::move(lists)));
    }
    std::vector<Affine<F>> results = totals.finish();
    for (std::size_t i = 0; i < ends.size(); ++i)
        if (is_long(i))
            results[i] =
                long_combination<F>(points, terms.subspan(begin_of(i), ends[i] - begin_of(i)));
    return results;
}

} // namespace

std::vector<G1> combinations_g1(std::span<const G1> points, std::span<const PointTerm> terms,
                                std::span<const std::uint32_t> ends) {
    return combinations<Fq>(points, terms, ends);
}

std::vector<G2> combinations_g2(std::span<const G2> points, std::span<const PointTerm> terms,
                                std::span<const std::uint32_t> ends) {
    return combinations<Fq2>(points, terms, ends);
}

} // namespace codex::crypto
