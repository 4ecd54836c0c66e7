// Groth16 verification, one proof and many (spec 02 section 8.3).
#include "crypto/curve/pairing.hpp"
#include "proof/detail/secret.hpp"
#include "proof/groth16.hpp"

#include <algorithm>
#include <functional>

namespace codex::proof {

using crypto::G1Sum;
using crypto::G2Sum;

namespace {

Result<void> check_points(const Groth16Proof& proof) {
    if (!crypto::is_in_group(proof.a))
        return fail(Errc::proof_invalid, "pi_a is not a point of G1");
    if (!crypto::is_in_group(proof.b))
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

/// IC_0 + sum inputs_i IC_{i+1}.
G1Sum input_sum(const VerifyingKey& key, std::span<const Fr> inputs) {
    G1Sum sum = G1Sum::from_affine(key.ic[0]);
    for (std::size_t i = 0; i < inputs.size(); ++i)
        sum += G1Sum::from_affine(key.ic[i + 1]).times(inputs[i].to_limbs());
    return sum;
}

/// 128 random bits: a batch with a bad proof passes with probability 2^-128.
Fr random_coefficient() {
    const crypto::Limbs full = detail::random_scalar().to_limbs();
    return Fr::from_limbs({full[0], full[1], 0, 0});
}

/// The pairing equation over a random combination of the items named by `indices`.
bool combination_holds(const VerifyingKey& key, std::span<const BatchItem> items,
                       std::span<const std::size_t> indices) {
    // prod e(-z_i A_i, B_i) * e((sum z_i) alpha, beta) * e(sum z_i vk_x_i, gamma) *
    // e(sum z_i C_i, delta) = 1
    std::vector<G1> lefts;
    std::vector<G2> rights;
    Fr total;
    std::vector<Fr> input_totals(key.ic.size() - 1);
    G1Sum c = G1Sum::infinity();
    for (const std::size_t index : indices) {
        const BatchItem& item = items[index];
        const Fr z = random_coefficient();
        const crypto::Limbs bits = z.to_limbs();
        lefts.push_back((-G1Sum::from_affine(item.proof.a).times(bits)).to_affine());
        rights.push_back(item.proof.b);
        c += G1Sum::from_affine(item.proof.c).times(bits);
        total += z;
        for (std::size_t i = 0; i < input_totals.size(); ++i)
            input_totals[i] += z * item.inputs[i];
    }
    G1Sum inputs = G1Sum::from_affine(key.ic[0]).times(total.to_limbs());
    for (std::size_t i = 0; i < input_totals.size(); ++i)
        inputs += G1Sum::from_affine(key.ic[i + 1]).times(input_totals[i].to_limbs());
    lefts.push_back(G1Sum::from_affine(key.alpha1).times(total.to_limbs()).to_affine());
    rights.push_back(key.beta2);
    lefts.push_back(inputs.to_affine());
    rights.push_back(key.gamma2);
    lefts.push_back(c.to_affine());
    rights.push_back(key.delta2);
    return crypto::pairing_product_is_one(lefts, rights);
}

} // namespace

Result<void> verify(const VerifyingKey& key, std::span<const Fr> inputs,
                    const Groth16Proof& proof) {
    CODEX_CHECK(check_count(key, inputs.size()));
    CODEX_CHECK(check_points(proof));
    const G1 lefts[] = {-proof.a, key.alpha1, input_sum(key, inputs).to_affine(), proof.c};
    const G2 rights[] = {proof.b, key.beta2, key.gamma2, key.delta2};
    if (!crypto::pairing_product_is_one(lefts, rights))
        return fail(Errc::proof_invalid, "the pairing equation does not hold");
    return {};
}

Result<std::vector<std::size_t>> verify_batch(const VerifyingKey& key,
                                              std::span<const BatchItem> items, ThreadPool* pool) {
    std::vector<char> sound(items.size(), 0);
    for (const BatchItem& item : items)
        CODEX_CHECK(check_count(key, item.inputs.size()));
    const auto check_one = [&](std::size_t i) { sound[i] = check_points(items[i].proof) ? 1 : 0; };
    if (pool != nullptr)
        pool->parallel_for(items.size(), check_one);
    else
        for (std::size_t i = 0; i < items.size(); ++i)
            check_one(i);
    std::vector<std::size_t> bad;
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < items.size(); ++i)
        (sound[i] != 0 ? candidates : bad).push_back(i);
    const std::function<void(std::span<const std::size_t>)> search =
        [&](std::span<const std::size_t> part) {
            if (part.empty() || combination_holds(key, items, part))
                return;
            if (part.size() == 1) {
                bad.push_back(part[0]);
                return;
            }
            search(part.first(part.size() / 2));
            search(part.subspan(part.size() / 2));
        };
    search(candidates);
    std::sort(bad.begin(), bad.end());
    return bad;
}

} // namespace codex::proof
