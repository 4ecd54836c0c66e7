// Many multiples of one point: a table of digit * 256^window * base, and for each window one
// batched addition of table entries to all running sums.
#include "base/secret.hpp"
#include "crypto/msm/detail/bucket_sums.hpp"
#include "crypto/msm/msm.hpp"

namespace codex::crypto {

namespace {

constexpr std::size_t kWindows = 32;
constexpr std::size_t kDigits = 256;
/// Scalars worked on together by one thread.
constexpr std::size_t kGroup = 4096;

/// digit * 256^window * base at window * 256 + digit, in the file form.
template <class F> std::vector<Affine<F>> make_table(const Affine<F>& base) {
    std::vector<Jacobian<F>> sums;
    sums.reserve(kWindows * kDigits);
    Jacobian<F> power = Jacobian<F>::from_affine(base);
    for (std::size_t window = 0; window < kWindows; ++window) {
        Jacobian<F> sum = Jacobian<F>::infinity();
        for (std::size_t digit = 0; digit < kDigits; ++digit) {
            sums.push_back(sum);
            sum += power;
        }
        power = sum;
    }
    std::vector<F> inverses;
    for (const Jacobian<F>& sum : sums)
        inverses.push_back(sum.z);
    std::vector<F> scratch(sums.size());
    batch_inverse<F>(inverses, scratch);
    std::vector<Affine<F>> table;
    table.reserve(sums.size());
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const F square = inverses[i].square();
        table.push_back({sums[i].x * square, sums[i].y * square * inverses[i]});
    }
    return table;
}

template <class F>
std::vector<Affine<F>> multiples(const Affine<F>& base, std::span<const Fr> scalars,
                                 Executor& pool) {
    const detail::AddKernel& kernel = detail::add_kernel<F>();
    const std::vector<Affine<F>> table = make_table(base);
    std::vector<Affine<F>> result(scalars.size());
    const auto one_group = [&](std::size_t group) {
        const std::size_t begin = group * kGroup;
        const std::size_t count = std::min(kGroup, scalars.size() - begin);
        SecretVector<Digest> digits(count); // the scalars may be secret
        for (std::size_t i = 0; i < count; ++i)
            digits[i] = scalars[begin + i].to_bytes();
        Affine<F>* sums = result.data() + begin; // infinity as yet
        std::vector<detail::PairTask> tasks(count);
        for (std::size_t window = 0; window < kWindows; ++window) {
            for (std::size_t i = 0; i < count; ++i)
                tasks[i] = {static_cast<std::uint32_t>(2 * i),
                            static_cast<std::uint32_t>(2 * (window * kDigits + digits[i][window]))};
            kernel.add_pairs(detail::words_of(sums), detail::words_of(table.data()), tasks.data(),
                             count, detail::words_of(sums));
        }
        wipe_stack();
    };
    const std::size_t groups = (scalars.size() + kGroup - 1) / kGroup;
    pool.parallel_for(groups, one_group);
    return result;
}

} // namespace

std::vector<G1> multiples_g1(const G1& base, std::span<const Fr> scalars, Executor& pool) {
    return multiples<Fq>(base, scalars, pool);
}

std::vector<G2> multiples_g2(const G2& base, std::span<const Fr> scalars, Executor& pool) {
    return multiples<Fq2>(base, scalars, pool);
}

} // namespace codex::crypto
