// What multi-scalar multiplications are made of: sums of lists of points, and weighted sums.
#pragma once

#include "crypto/msm/detail/accumulator.hpp"

#include <span>
#include <vector>

namespace codex::crypto::detail {

[[nodiscard]] const AddKernel& g1_add_kernel();
[[nodiscard]] const AddKernel& g2_add_kernel();
template <class F> [[nodiscard]] const AddKernel& add_kernel();
template <> inline const AddKernel& add_kernel<Fq>() {
    return g1_add_kernel();
}
template <> inline const AddKernel& add_kernel<Fq2>() {
    return g2_add_kernel();
}

/// Lists of references (2 * index + negative); list b ends at ends[b] and begins where the one
/// before ends.
struct Lists {
    std::vector<std::uint32_t> references;
    std::vector<std::uint32_t> ends;
};

/// The sum of each list; infinity for an empty one.
template <class F>
std::vector<Affine<F>> sum_lists(const AddKernel& kernel, const Affine<F>* base,
                                 const Lists& lists) {
    Accumulator<F> sums(kernel, lists.references.size());
    sums.start(lists.ends.size());
    std::size_t at = 0;
    for (std::size_t list = 0; list < lists.ends.size(); ++list)
        for (; at < lists.ends[list]; ++at) {
            const std::uint32_t reference = lists.references[at];
            sums.add(list, base[reference / 2], reference % 2 != 0);
        }
    return sums.finish();
}

/// sum_b (b + 1) * buckets[b], by an accumulator at rest.
///
/// With b + 1 = row * width + column the sum is width * (sum over rows of row * row sum) plus the
/// sum over columns of column * column sum: the row and column sums are sums in places again, and
/// only 2 * sqrt(n) points remain for running sums.
template <class F>
Jacobian<F> weighted_sum(Accumulator<F>& sums, const std::vector<Affine<F>>& buckets) {
    std::size_t width_log2 = 0;
    while ((std::size_t{1} << (2 * width_log2 + 2)) <= buckets.size())
        ++width_log2;
    const std::size_t width = std::size_t{1} << width_log2;
    const std::size_t rows = buckets.size() / width + 1;
    sums.start(rows + width);
    for (std::size_t b = 0; b < buckets.size(); ++b) {
        if (buckets[b].is_infinity())
            continue;
        sums.add((b + 1) / width, buckets[b]);
        sums.add(rows + (b + 1) % width, buckets[b]);
    }
    const std::vector<Affine<F>> lines = sums.finish();
    const auto running = [](std::span<const Affine<F>> points) {
        Jacobian<F> sum = Jacobian<F>::infinity();
        Jacobian<F> total = Jacobian<F>::infinity();
        for (std::size_t i = points.size(); i-- > 1;) {
            sum += points[i];
            total += sum;
        }
        return total;
    };
    Jacobian<F> result = running(std::span(lines).first(rows));
    for (std::size_t i = 0; i < width_log2; ++i)
        result = result.doubled();
    result += running(std::span(lines).subspan(rows));
    return result;
}

} // namespace codex::crypto::detail
