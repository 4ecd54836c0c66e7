// Bit by bit, low and high together: a point P, lambda P and their sum cost nothing to make, for
// 1 + lambda = -lambda^2. All points take a step at once, by batched affine additions.
#include "crypto/msm/short_multiples.hpp"

#include "base/error.hpp"
#include "crypto/msm/detail/bucket_sums.hpp"

namespace codex::crypto {

namespace {

constexpr unsigned kBits = 64;

/// The cube roots of unity of the pair (lambda, beta).
Fr lambda() {
    return Fr::from_montgomery(
        {0x93e7cede4a0329b3, 0x7d4fdca77a96c167, 0x8be4ba08b19a750a, 0x1cbd5653a5661c25});
}
Fq beta() {
    return Fq::from_montgomery(
        {0x71930c11d782e155, 0xa6bb947cffbe3323, 0xaa303344d4741444, 0x2c3b3f0d26594943});
}

/// P, lambda P and P + lambda P of each point: digit d of point i at 3i + d - 1.
std::vector<G1> make_table(std::span<const G1> points) {
    const Fq turn = beta();
    const Fq back = turn.square();
    std::vector<G1> table;
    table.reserve(3 * points.size());
    for (const G1& p : points) {
        table.push_back(p);
        table.push_back({p.x * turn, p.y});
        table.push_back({p.x * back, -p.y});
    }
    return table;
}

unsigned digit(const ShortScalar& scalar, unsigned bit) {
    return static_cast<unsigned>((scalar.low >> bit & 1) | (scalar.high >> bit & 1) << 1);
}

void multiply(std::span<const G1> points, std::span<const ShortScalar> scalars,
              std::span<G1> results) {
    const std::vector<G1> table = make_table(points);
    std::vector<detail::PairTask> doublings;
    for (std::uint32_t i = 0; i < points.size(); ++i)
        doublings.push_back({2 * i, 2 * i});
    const detail::AddKernel& kernel = detail::g1_add_kernel();
    std::vector<std::uint64_t> left;
    std::vector<std::uint64_t> right;
    std::vector<std::uint64_t*> out;
    for (unsigned bit = kBits; bit-- > 0;) {
        std::uint64_t* sums = detail::words_of(results.data()); // infinity as yet
        kernel.add_pairs(sums, sums, doublings.data(), doublings.size(), sums);
        left.clear();
        right.clear();
        out.clear();
        for (std::size_t i = 0; i < points.size(); ++i) {
            const unsigned d = digit(scalars[i], bit);
            if (d == 0)
                continue;
            out.push_back(detail::words_of(&results[i]));
            left.push_back(2 * reinterpret_cast<std::uint64_t>(&results[i]));
            right.push_back(2 * reinterpret_cast<std::uint64_t>(&table[3 * i + d - 1]));
        }
        kernel.add(left.data(), right.data(), out.data(), out.size());
    }
}

} // namespace

Fr ShortScalar::value() const {
    return Fr::from_u64(low) + Fr::from_u64(high) * lambda();
}

std::vector<G1> short_multiples(std::span<const G1> points, std::span<const ShortScalar> scalars,
                                Executor& pool) {
    CODEX_ASSERT(points.size() == scalars.size());
    std::vector<G1> results(points.size());
    const std::size_t parts = pool.size();
    const std::size_t part = (points.size() + parts - 1) / parts;
    const auto one_part = [&](std::size_t p) {
        const std::size_t from = std::min(points.size(), p * part);
        const std::size_t count = std::min(part, points.size() - from);
        multiply(points.subspan(from, count), scalars.subspan(from, count),
                 std::span(results).subspan(from, count));
    };
    pool.parallel_for(parts, one_part);
    return results;
}

G1Sum short_sum(std::span<const G1> points, std::span<const ShortScalar> scalars) {
    CODEX_ASSERT(points.size() == scalars.size());
    const std::vector<G1> table = make_table(points);
    detail::Lists bits;
    for (unsigned bit = kBits; bit-- > 0;) {
        for (std::size_t i = 0; i < points.size(); ++i)
            if (const unsigned d = digit(scalars[i], bit); d != 0)
                bits.references.push_back(static_cast<std::uint32_t>(2 * (3 * i + d - 1)));
        bits.ends.push_back(static_cast<std::uint32_t>(bits.references.size()));
    }
    G1Sum sum = G1Sum::infinity();
    for (const G1& one : detail::sum_lists(detail::g1_add_kernel(), table.data(), bits))
        sum = sum.doubled() + one;
    return sum;
}

} // namespace codex::crypto
