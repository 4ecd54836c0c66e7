// Sums of many lists of points by rounds of pairwise additions: in a round all additions are
// independent, so they share inversions and fill vector lanes.
#pragma once

#include "base/bytes.hpp"
#include "crypto/curve/curve.hpp"
#include "crypto/msm/detail/add_kernel.hpp"

#include <cstdlib>
#include <span>
#include <utility>
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

template <class F> std::uint64_t* words_of(Affine<F>* points) {
    return reinterpret_cast<std::uint64_t*>(points);
}
template <class F> const std::uint64_t* words_of(const Affine<F>* points) {
    return reinterpret_cast<const std::uint64_t*>(points);
}

/// Points from the file form, at any alignment, to the kernel's.
template <class F> std::vector<Affine<F>> import_points(const AddKernel& kernel, BytesView from) {
    std::vector<Affine<F>> points(from.size() / sizeof(Affine<F>));
    if (points.empty())
        return points;
    if (kernel.import_points != nullptr)
        kernel.import_points(from.data(), points.size(), words_of(points.data()));
    else
        std::memcpy(static_cast<void*>(points.data()), from.data(), from.size());
    return points;
}

/// Points from the kernel's form to the file form.
template <class F>
std::vector<Affine<F>> export_points(const AddKernel& kernel, std::vector<Affine<F>> points) {
    if (kernel.export_points == nullptr || points.empty())
        return points;
    std::vector<Affine<F>> plain(points.size());
    kernel.export_points(words_of(points.data()), points.size(), words_of(plain.data()));
    return plain;
}

/// Lists of references (2 * index + negative); list b ends at ends[b] and begins where the one
/// before ends.
struct Lists {
    std::vector<std::uint32_t> references;
    std::vector<std::uint32_t> ends;
};

/// The sum of each list, in the kernel's form; infinity for an empty one. Negation works in every
/// Montgomery form, so single points need no kernel.
template <class F>
std::vector<Affine<F>> sum_lists(const AddKernel& kernel, const Affine<F>* base, Lists lists) {
    std::vector<Affine<F>> current;
    std::vector<Affine<F>> next;
    std::vector<PairTask> tasks;
    const Affine<F>* source = base;
    for (;;) {
        // Pairs first, then what is left over of odd lists, so that the pairs are one block.
        tasks.clear();
        std::vector<std::uint32_t> singles;
        std::uint32_t begin = 0;
        for (const std::uint32_t end : lists.ends) {
            for (std::uint32_t i = begin; i + 1 < end; i += 2)
                tasks.push_back({lists.references[i], lists.references[i + 1]});
            if ((end - begin) % 2 != 0)
                singles.push_back(lists.references[end - 1]);
            begin = end;
        }
        next.resize(tasks.size() + singles.size());
        if (!tasks.empty())
            kernel.add_pairs(words_of(source), words_of(source), tasks.data(), tasks.size(),
                             words_of(next.data()));
        for (std::size_t i = 0; i < singles.size(); ++i) {
            const Affine<F>& point = source[singles[i] / 2];
            next[tasks.size() + i] = (singles[i] & 1) != 0 && !point.is_infinity() ? -point : point;
        }
        const bool done = tasks.empty();
        // The lists of the next round: a list's pair sums, then its single.
        Lists after;
        after.references.reserve(next.size());
        after.ends.reserve(lists.ends.size());
        std::uint32_t pair = 0;
        auto single = static_cast<std::uint32_t>(tasks.size());
        begin = 0;
        for (const std::uint32_t end : lists.ends) {
            for (std::uint32_t i = begin; i + 1 < end; i += 2)
                after.references.push_back(2 * pair++);
            if ((end - begin) % 2 != 0)
                after.references.push_back(2 * single++);
            after.ends.push_back(static_cast<std::uint32_t>(after.references.size()));
            begin = end;
        }
        lists = std::move(after);
        std::swap(current, next);
        source = current.data();
        if (done)
            break;
    }
    std::vector<Affine<F>> sums;
    sums.reserve(lists.ends.size());
    std::uint32_t begin = 0;
    for (const std::uint32_t end : lists.ends) {
        sums.push_back(end == begin ? Affine<F>::infinity() : current[lists.references[begin] / 2]);
        begin = end;
    }
    return sums;
}

/// sum_b (b + 1) * buckets[b], buckets in the kernel's form, the result in the file form.
///
/// With b + 1 = row * width + column the sum is width * (sum over rows of row * row sum) plus the
/// sum over columns of column * column sum: the row and column sums are lists again, and only
/// 2 * sqrt(n) points remain for running sums.
template <class F>
Jacobian<F> weighted_sum(const AddKernel& kernel, const std::vector<Affine<F>>& buckets) {
    std::uint32_t width_log2 = 0;
    while ((std::size_t{1} << (2 * width_log2 + 2)) <= buckets.size())
        ++width_log2;
    const auto width = std::uint32_t{1} << width_log2;
    const auto count = static_cast<std::uint32_t>(buckets.size());
    const std::uint32_t rows = count / width + 1;
    const auto present = [&buckets, count](std::uint32_t weight) {
        return weight >= 1 && weight <= count && !buckets[weight - 1].is_infinity();
    };
    Lists lists;
    for (std::uint32_t row = 0; row < rows; ++row) {
        for (std::uint32_t column = 0; column < width; ++column)
            if (present(row * width + column))
                lists.references.push_back(2 * (row * width + column - 1));
        lists.ends.push_back(static_cast<std::uint32_t>(lists.references.size()));
    }
    for (std::uint32_t column = 0; column < width; ++column) {
        for (std::uint32_t row = 0; row < rows; ++row)
            if (present(row * width + column))
                lists.references.push_back(2 * (row * width + column - 1));
        lists.ends.push_back(static_cast<std::uint32_t>(lists.references.size()));
    }
    const std::vector<Affine<F>> plain =
        export_points<F>(kernel, sum_lists<F>(kernel, buckets.data(), std::move(lists)));
    const auto running = [](std::span<const Affine<F>> points) {
        Jacobian<F> sum = Jacobian<F>::infinity();
        Jacobian<F> total = Jacobian<F>::infinity();
        for (std::size_t i = points.size(); i-- > 1;) {
            sum += points[i];
            total += sum;
        }
        return total;
    };
    Jacobian<F> result = running(std::span(plain).first(rows));
    for (std::uint32_t i = 0; i < width_log2; ++i)
        result = result.doubled();
    result += running(std::span(plain).subspan(rows));
    return result;
}

} // namespace codex::crypto::detail
