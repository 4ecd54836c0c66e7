#include "snark/detail/random_checks.hpp"

#include "crypto/curve/pairing.hpp"
#include "crypto/msm/msm.hpp"
#include "snark/detail/bounded_reader.hpp"
#include "snark/detail/secret.hpp"

#include <atomic>

namespace codex::snark::detail {

namespace {

constexpr std::size_t kPiece = 4096;
/// The order of the twist's group is r * 10069 * 5864401 * ...: with a coefficient of 16 bits for
/// each point, a sum of points one of which has a part of such an order loses it with probability
/// at most 7 / 2^16, and ten sums do with one below 2^-130.
constexpr int kSubgroupRounds = 10;
constexpr std::uint32_t kSubgroupMask = 0xffff;

Digest random_seed() {
    Secret<crypto::Fr> scalar;
    *scalar = random_scalar();
    return scalar->to_bytes();
}

/// `test` of each point; coordinates are reduced.
template <std::size_t kBytes, class Test>
bool each_point(BytesView points, Executor& pool, Test test) {
    const std::size_t count = points.size() / kBytes;
    std::atomic<bool> good{true};
    const auto one_piece = [&](std::size_t piece) {
        const std::size_t end = std::min(count, (piece + 1) * kPiece);
        for (std::size_t i = piece * kPiece; i < end; ++i) {
            const BytesView point = points.subspan(i * kBytes, kBytes);
            if (!coordinates_reduced(point) || !test(point.data()))
                good = false;
        }
    };
    const std::size_t pieces = (count + kPiece - 1) / kPiece;
    pool.parallel_for(pieces, one_piece);
    return good;
}

} // namespace

crypto::SeedStream fresh_stream() {
    return crypto::SeedStream(random_seed());
}

std::vector<Digest> random_coefficients(std::size_t count) {
    crypto::SeedStream random = fresh_stream();
    std::vector<Digest> coefficients(count);
    for (Digest& coefficient : coefficients)
        for (std::size_t i = 0; i < 4; ++i)
            store_le(coefficient.data() + 4 * i, random.next_word());
    return coefficients;
}

bool all_in_g1(BytesView points, Executor& pool) {
    return each_point<kG1Bytes>(points, pool,
                                [](const auto* at) { return load_g1(at).is_on_curve(); });
}

bool all_in_g2(BytesView points, Executor& pool) {
    if (!each_point<kG2Bytes>(points, pool,
                              [](const auto* at) { return load_g2(at).is_on_curve(); }))
        return false;
    crypto::SeedStream random = fresh_stream();
    std::vector<Digest> coefficients(points.size() / kG2Bytes);
    for (int round = 0; round < kSubgroupRounds; ++round) {
        for (Digest& coefficient : coefficients)
            store_le(coefficient.data(), random.next_word() & kSubgroupMask);
        if (!is_in_group(crypto::msm_g2(coefficients, points, pool).to_affine()))
            return false;
    }
    return true;
}

bool same_ratio(const G1& p, const G1& px, const G2& q, const G2& qx) {
    if (p.is_infinity() || px.is_infinity() || q.is_infinity() || qx.is_infinity())
        return false;
    const G1 lefts[] = {p, -px};
    const G2 rights[] = {qx, q};
    return crypto::pairing_product_is_one(lefts, rights);
}

} // namespace codex::snark::detail
