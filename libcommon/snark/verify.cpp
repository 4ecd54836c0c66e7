// Groth16 verification, one proof and many (codex-groth16(5), VERIFYING).
#include "crypto/curve/pairing.hpp"
#include "crypto/msm/short_multiples.hpp"
#include "snark/detail/batch_search.hpp"
#include "snark/detail/secret.hpp"
#include "snark/groth16.hpp"

#include <algorithm>

namespace codex::snark {

using crypto::G1Sum;
using crypto::ShortScalar;

namespace {

/// On the curves: the pairing shows whether pi_b is in its subgroup.
Result<void> check_points(const Groth16Proof& proof) {
    if (!crypto::is_in_group(proof.a))
        return fail(Errc::proof_invalid, "pi_a is not a point of G1");
    if (!proof.b.is_on_curve())
        return fail(Errc::proof_invalid, "pi_b is not a point of G2");
    if (!crypto::is_in_group(proof.c))
        return fail(Errc::proof_invalid, "pi_c is not a point of G1");
    return {};
}

Result<void> check_count(const VerifyingKey& key, std::size_t inputs) {
    if (inputs + 1 != key.ic.size())
        return fail(Errc::malformed, "{} public inputs, the key takes {}", inputs,
                    key.ic.size() - 1);
    return {};
}

/// first IC_0 + sum inputs_i IC_{i+1}, doublings shared.
G1 input_sum(const VerifyingKey& key, const Fr& first, std::span<const Fr> inputs) {
    std::vector<crypto::Limbs> scalars = {first.to_limbs()};
    for (const Fr& input : inputs)
        scalars.push_back(input.to_limbs());
    G1Sum sum = G1Sum::infinity();
    for (std::size_t bit = 256; bit-- > 0;) {
        sum = sum.doubled();
        for (std::size_t i = 0; i < scalars.size(); ++i)
            if ((scalars[i][bit / 64] >> (bit % 64)) & 1)
                sum += key.ic[i];
    }
    return sum.to_affine();
}

/// 128 random bits each: a batch with a bad proof passes with probability 2^-128.
std::vector<ShortScalar> random_coefficients(std::size_t count) {
    std::vector<ShortScalar> coefficients(count);
    detail::random_bytes(
        {reinterpret_cast<std::uint8_t*>(coefficients.data()), count * sizeof(ShortScalar)});
    return coefficients;
}

/// The pairing equation over a random combination of the statements named by `indices`, whose
/// points are on their curves: prod e(-z_i A_i, B_i) * e((sum z_i) alpha, beta) * e(sum z_i vk_x_i,
/// gamma) * e(sum z_i C_i, delta) = 1. The B_i come first.
crypto::CheckedProduct combination(const VerifyingKey& key, std::span<const Statement> statements,
                                   std::span<const std::size_t> indices, Executor& pool) {
    const std::vector<ShortScalar> coefficients = random_coefficients(indices.size());
    std::vector<G1> a;
    std::vector<G1> c;
    std::vector<G2> rights;
    Fr total;
    std::vector<Fr> inputs(key.ic.size() - 1);
    for (std::size_t k = 0; k < indices.size(); ++k) {
        const Statement& statement = statements[indices[k]];
        a.push_back(-statement.proof.a);
        c.push_back(statement.proof.c);
        rights.push_back(statement.proof.b);
        const Fr z = coefficients[k].value();
        total += z;
        for (std::size_t i = 0; i < inputs.size(); ++i)
            inputs[i] += z * statement.inputs[i];
    }
    std::vector<G1> lefts = crypto::short_multiples(a, coefficients, pool);
    lefts.push_back(G1Sum::from_affine(key.alpha1).times(total.to_limbs()).to_affine());
    rights.push_back(key.beta2);
    lefts.push_back(input_sum(key, total, inputs));
    rights.push_back(key.gamma2);
    lefts.push_back(crypto::short_sum(c, coefficients).to_affine());
    rights.push_back(key.delta2);
    return crypto::checked_pairing_product(lefts, rights, pool);
}

/// Shares of what verify() costs, measured with groups of a hundred: a group's product has three
/// pairs of its own and one for each proof, a single one three instead of four.
constexpr detail::LookCosts kCosts = {.group = 0.8, .each = 0.13, .alone = 0.82, .overdraft = 0.25};

/// Below `count`; its bias is below 2^-32.
std::size_t random_index(std::size_t count) {
    std::uint64_t random = 0;
    detail::random_bytes({reinterpret_cast<std::uint8_t*>(&random), sizeof random});
    return random % count;
}

/// Proofs whose points are on their curves, looked at together and alone.
class BatchCheck {
public:
    BatchCheck(const VerifyingKey& key, std::span<const Statement> statements, Executor& pool)
        : key_(key), statements_(statements), pool_(pool) {}

    /// Adds the bad ones of `candidates` to `bad`.
    void run(std::vector<std::size_t> candidates, std::vector<std::size_t>& bad) {
        const detail::Looks looks = {
            .group = [&](std::vector<std::size_t>& group) { return is_right(group, bad); },
            .alone = [this](std::span<const std::size_t> some) { return wrong_ones(some); },
            .choose = random_index};
        const auto found = detail::find_bad(std::move(candidates), looks, kCosts);
        bad.insert(bad.end(), found.begin(), found.end());
    }

private:
    /// Proofs with points outside their subgroup are named by the product itself.
    bool is_right(std::vector<std::size_t>& group, std::vector<std::size_t>& bad) const {
        const crypto::CheckedProduct product = combination(key_, statements_, group, pool_);
        if (product.is_one)
            return true;
        std::vector<std::size_t> rest;
        std::size_t seen = 0;
        for (std::size_t k = 0; k < group.size(); ++k) {
            const bool outside = seen < product.outside.size() && product.outside[seen] == k;
            seen += outside ? 1 : 0;
            (outside ? bad : rest).push_back(group[k]);
        }
        group = std::move(rest);
        return false;
    }

    std::vector<std::size_t> wrong_ones(std::span<const std::size_t> some) {
        if (!right_side_)
            right_side_ = crypto::pairing_product({&key_.alpha1, 1}, {&key_.beta2, 1});
        std::vector<unsigned char> right(some.size());
        const auto look = [&](std::size_t i) { right[i] = holds(statements_[some[i]]) ? 1 : 0; };
        pool_.parallel_for(some.size(), look);
        std::vector<std::size_t> wrong;
        for (std::size_t i = 0; i < some.size(); ++i)
            if (right[i] == 0)
                wrong.push_back(some[i]);
        return wrong;
    }

    /// e(A, B) e(-x, gamma) e(-C, delta) = e(alpha, beta).
    [[nodiscard]] bool holds(const Statement& statement) const {
        const G1 lefts[] = {statement.proof.a, -input_sum(key_, Fr::one(), statement.inputs),
                            -statement.proof.c};
        const G2 rights[] = {statement.proof.b, key_.gamma2, key_.delta2};
        return crypto::checked_pairing_product_is(lefts, rights, *right_side_).is_one;
    }

    const VerifyingKey& key_;
    std::span<const Statement> statements_;
    Executor& pool_;
    std::optional<crypto::GtElement> right_side_; // e(alpha, beta), once it is needed
};

} // namespace

Result<void> verify(const VerifyingKey& key, const Statement& statement) {
    const auto& [inputs, proof] = statement;
    CODEX_CHECK(check_count(key, inputs.size()));
    CODEX_CHECK(check_points(proof));
    const G1 lefts[] = {-proof.a, key.alpha1, input_sum(key, Fr::one(), inputs), proof.c};
    const G2 rights[] = {proof.b, key.beta2, key.gamma2, key.delta2};
    const crypto::CheckedProduct product = crypto::checked_pairing_product(lefts, rights);
    if (!product.outside.empty() && product.outside[0] == 0)
        return fail(Errc::proof_invalid, "pi_b is not a point of G2");
    if (!product.is_one)
        return fail(Errc::proof_invalid, "the pairing equation does not hold");
    return {};
}

Result<void> check_own(const VerifyingKey& key, const Statement& statement) {
    if (!verify(key, statement))
        return fail(Errc::proof_invalid, "the proof does not verify: the witness does not fit the "
                                         "key's circuit");
    return {};
}

Result<std::vector<std::size_t>>
verify_batch(const VerifyingKey& key, std::span<const Statement> statements, Executor& pool) {
    for (const Statement& statement : statements)
        CODEX_CHECK(check_count(key, statement.inputs.size()));
    std::vector<std::size_t> bad;
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < statements.size(); ++i)
        (check_points(statements[i].proof) ? candidates : bad).push_back(i);
    BatchCheck(key, statements, pool).run(std::move(candidates), bad);
    std::sort(bad.begin(), bad.end());
    return bad;
}

} // namespace codex::snark
