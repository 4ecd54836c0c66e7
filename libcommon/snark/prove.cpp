// The Groth16 prover (codex-groth16(5), PROVING).
#include "base/endian.hpp"
#include "crypto/msm/msm.hpp"
#include "crypto/ntt/ntt.hpp"
#include "snark/detail/secret.hpp"
#include "snark/groth16.hpp"

#include <cstring>

namespace codex::snark {

using crypto::G1Sum;
using crypto::G2Sum;
using crypto::Limbs;

namespace {

/// <A, w> and <B, w> of each constraint, zeros up to the domain.
void evaluate_rows(const ProvingKey& key, std::span<const Digest> witness, std::span<Fr> a,
                   std::span<Fr> b) {
    for (std::size_t i = 0; i < key.coefficient_count(); ++i) {
        const CoefficientRow row = key.coefficient(i);
        if (row.wire >= witness.size() || row.constraint >= a.size())
            continue; // the file was written to meanwhile, as intact() will say
        Limbs word;
        for (std::size_t j = 0; j < 4; ++j)
            word[j] = load_le<std::uint64_t>(witness[row.wire].data() + 8 * j);
        // Standard-form limbs taken as Montgomery ones: the row's extra factor makes up for it.
        const Fr product = row.value * Fr::from_montgomery(word);
        (row.matrix == 0 ? a : b)[row.constraint] += product;
    }
}

/// p_j = (a b - c)(g w^j), standard form, for the H points.
std::vector<Digest> quotient(const ProvingKey& key, std::span<const Digest> witness,
                             const Job& job) {
    Executor& pool = job.executor();
    std::vector<Fr> a(key.domain_size());
    {
        std::vector<Fr> b(key.domain_size());
        evaluate_rows(key, witness, a, b);
        std::vector<Fr> c(key.domain_size());
        for (std::size_t i = 0; i < c.size(); ++i)
            c[i] = a[i] * b[i];
        crypto::shift_to_odd_coset(a, pool);
        crypto::shift_to_odd_coset(b, pool);
        crypto::shift_to_odd_coset(c, pool);
        crypto::multiply_subtract(a, b, c, pool);
    }
    std::vector<Digest> words(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) // values are in falling order
        words[(a.size() - i) % a.size()] = a[i].to_bytes();
    return words;
}

[[gnu::noinline]] Result<Groth16Proof> proof_of(const ProvingKey& key,
                                                std::span<const Digest> witness, const Job& job,
                                                const std::optional<ProofRandomness>& fixed,
                                                SecretRandom& source) {
    if (witness.size() != key.wires)
        return fail(Errc::malformed, "{}: a key for {} wires, the witness has {}",
                    key.file().name(), key.wires, witness.size());
    Secret<ProofRandomness> random;
    if (fixed)
        *random = *fixed;
    else
        *random = {detail::random_scalar(source), detail::random_scalar(source)};
    const Fr& r = random->r;
    const Fr& s = random->s;
    const std::size_t first_private = key.public_count + 1;
    Executor& pool = job.executor();
    G1Sum a = crypto::msm_g1(witness, key.a, pool);
    CODEX_CHECK(job.go_on());
    G1Sum b1 = crypto::msm_g1(witness, key.b1, pool);
    CODEX_CHECK(job.go_on());
    G2Sum b2 = crypto::msm_g2(witness, key.b2, pool);
    CODEX_CHECK(job.go_on());
    G1Sum c = crypto::msm_g1(witness.subspan(first_private), key.c, pool);
    CODEX_CHECK(job.go_on());
    {
        const std::vector<Digest> p = quotient(key, witness, job);
        CODEX_CHECK(job.go_on());
        c += crypto::msm_g1(p, key.h, pool);
    }
    // A = alpha + sum + r delta, B = beta + sum + s delta.
    a += key.alpha1;
    a += crypto::times_secret(key.delta1, r);
    b1 += key.beta1;
    b1 += crypto::times_secret(key.delta1, s);
    b2 += key.beta2;
    b2 += crypto::times_secret(key.delta2, s);
    const G1 a_affine = a.to_affine();
    const G1 b1_affine = b1.to_affine();
    // C = sum + s A + r B - r s delta.
    c += crypto::times_secret(a_affine, s);
    c += crypto::times_secret(b1_affine, r);
    c += -crypto::times_secret(key.delta1, r * s);
    return Groth16Proof{a_affine, b2.to_affine(), c.to_affine()};
}

} // namespace

Result<Groth16Proof> prove(const ProvingKey& key, std::span<const Digest> witness, const Job& job,
                           const std::optional<ProofRandomness>& fixed, SecretRandom& random) {
    auto made = proof_of(key, witness, job, fixed, random);
    wipe_stack();
    return key.file().if_intact(std::move(made));
}

} // namespace codex::snark
