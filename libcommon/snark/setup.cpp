// Key generation from known secrets (codex-groth16(5), KEYS and TEST KEYS): for tests.
#include "snark/setup.hpp"

#include "crypto/msm/msm.hpp"
#include "crypto/ntt/ntt.hpp"
#include "snark/detail/ceremony_steps.hpp"
#include "snark/detail/contribution_format.hpp"
#include "snark/detail/key_format.hpp"
#include "snark/detail/secret.hpp"

#include <bit>

namespace codex::snark {

namespace {

constexpr std::uint32_t kMaxDomainLog2 = 27;

/// Scalars that are functions of the secrets, wiped like them.
using SecretScalars = SecretVector<Fr>;

/// The Lagrange polynomials of the domain of size 2^log2 at tau:
/// l_i = (tau^n - 1) / n * w^i / (tau - w^i). tau is outside the domain.
void lagrange(unsigned log2, const Fr& tau, SecretScalars& values) {
    const std::size_t size = std::size_t{1} << log2;
    const Fr root = crypto::root_of_unity(log2);
    Fr power = tau;
    for (unsigned i = 0; i < log2; ++i)
        power = power.square();
    const Fr scale = (power - Fr::one()) * Fr::from_u64(size).inverse();
    SecretScalars scratch(size);
    values.resize(size);
    Fr w = Fr::one();
    for (Fr& value : values) {
        value = tau - w;
        w *= root;
    }
    crypto::batch_inverse<Fr>(values, scratch);
    w = scale;
    for (Fr& value : values) {
        value *= w;
        w *= root;
    }
}

/// A_i(tau), B_i(tau), C_i(tau) of every wire.
struct Columns {
    SecretScalars a, b, c;

    Columns(const R1cs& system, const SecretScalars& basis)
        : a(system.wires), b(system.wires), c(system.wires) {
        SecretScalars* const columns[] = {&a, &b, &c};
        for (std::size_t i = 0; i < system.constraint_count(); ++i)
            for (unsigned side = 0; side < 3; ++side)
                for (const Term& term : system.terms(i, side))
                    (*columns[side])[term.wire] += term.coefficient * basis[i];
        // One more row for each public wire binds it, lest it stand in no constraint.
        for (std::size_t s = 0; s <= system.public_count(); ++s)
            a[s] += basis[system.constraint_count() + s];
    }
};

/// Writes the sections of points in snarkjs's order, and hashes what the circuit's hash is over.
class SecretSetup {
public:
    SecretSetup(const R1cs& system, std::uint32_t log2, const SetupSecrets& secrets,
                BinaryWriter& out, const Job& job, SecretRandom& random)
        : system_(system), log2_(log2), secrets_(secrets), out_(out), job_(job), random_(random) {
        *delta_inverse_ = secrets.delta.inverse();
        const G1 g1 = crypto::g1_generator();
        const G2 g2 = crypto::g2_generator();
        header_ = {.wires = system.wires,
                   .public_count = system.public_count(),
                   .domain_log2 = log2,
                   .alpha1 = crypto::times_secret(g1, secrets.alpha).to_affine(),
                   .beta1 = crypto::times_secret(g1, secrets.beta).to_affine(),
                   .beta2 = crypto::times_secret(g2, secrets.beta).to_affine(),
                   .delta1 = crypto::times_secret(g1, secrets.delta).to_affine(),
                   .delta2 = crypto::times_secret(g2, secrets.delta).to_affine()};
    }

    Result<void> run() {
        detail::CircuitHash hash(header_);
        CODEX_CHECK(detail::write_header(out_, header_));
        CODEX_CHECK(out_.begin_section(4));
        CODEX_CHECK(detail::coefficient_section(
            system_, [this](BytesView bytes) { return out_.write(bytes); }));
        CODEX_CHECK(out_.end_section());
        SecretScalars basis;
        lagrange(log2_, secrets_.tau, basis);
        const Columns columns(system_, basis);
        SecretScalars c(system_.wires);
        for (std::size_t i = 0; i < c.size(); ++i)
            c[i] = secrets_.beta * columns.a[i] + secrets_.alpha * columns.b[i] + columns.c[i];
        const std::size_t first_private = system_.public_count() + std::size_t{1};
        CODEX_CHECK(hashed(hash, 3, std::span(c).first(first_private)));
        CODEX_CHECK(write_h());
        hash_differences(hash);
        CODEX_CHECK(write_c(hash, std::span(c).subspan(first_private)));
        CODEX_CHECK(hashed(hash, 5, columns.a));
        CODEX_CHECK(hashed(hash, 6, columns.b));
        CODEX_CHECK(job_.go_on());
        const std::vector<G2> b2 =
            crypto::multiples_g2(crypto::g2_generator(), columns.b, job_.executor());
        hash.count(system_.wires);
        hash.add(b2);
        CODEX_CHECK(detail::write_section(out_, 7, detail::stored<G2>(b2)));
        return write_contributions(hash.digest());
    }

private:
    std::vector<G1> multiples(std::span<const Fr> scalars) {
        return crypto::multiples_g1(crypto::g1_generator(), scalars, job_.executor());
    }

    Result<void> write(std::uint32_t type, std::span<const G1> points) {
        return detail::write_section(out_, type, detail::stored<G1>(points));
    }

    Result<void> hashed(detail::CircuitHash& hash, std::uint32_t type,
                        std::span<const Fr> scalars) {
        CODEX_CHECK(job_.go_on());
        const std::vector<G1> points = multiples(scalars);
        hash.count(static_cast<std::uint32_t>(points.size()));
        hash.add(points);
        return write(type, points);
    }

    Result<void> write_h() {
        CODEX_CHECK(job_.go_on());
        SecretScalars h;
        lagrange(log2_ + 1, secrets_.tau, h);
        const std::size_t size = std::size_t{1} << log2_;
        for (std::size_t j = 0; j < size; ++j)
            h[j] = h[2 * j + 1] * *delta_inverse_;
        return write(9, multiples(std::span(h).first(size)));
    }

    void hash_differences(detail::CircuitHash& hash) {
        const std::size_t size = std::size_t{1} << log2_;
        SecretScalars scalars(detail::hashed_differences(log2_));
        Fr factor = secrets_.tau.pow({size, 0, 0, 0}) - Fr::one();
        for (Fr& scalar : scalars) {
            scalar = factor;
            factor *= secrets_.tau;
        }
        hash.count(static_cast<std::uint32_t>(size - 1));
        hash.add(multiples(scalars));
    }

    /// The hash is over the points before the contribution.
    Result<void> write_c(detail::CircuitHash& hash, std::span<Fr> scalars) {
        CODEX_CHECK(job_.go_on());
        std::vector<G1> points = multiples(scalars);
        hash.count(static_cast<std::uint32_t>(points.size()));
        hash.add(points);
        if (has_contribution()) {
            for (Fr& scalar : scalars)
                scalar *= *delta_inverse_;
            points = multiples(scalars);
        }
        return write(8, points);
    }

    [[nodiscard]] bool has_contribution() const { return secrets_.delta != Fr::one(); }

    Result<void> write_contributions(const crypto::Blake2bDigest& circuit_hash) {
        std::vector<Contribution> made;
        if (has_contribution()) {
            Secret<Fr> random;
            *random = detail::random_scalar(random_);
            const G1 g1_s = crypto::times_secret(crypto::g1_generator(), *random).to_affine();
            ContributionLabel label;
            label.name = "known-secret setup, for tests only";
            made.push_back(detail::make_contribution(detail::Transcript(circuit_hash),
                                                     header_.delta1, secrets_.delta, g1_s,
                                                     std::move(label)));
        }
        return detail::write_section(out_, 10, detail::contributions_section(circuit_hash, made));
    }

    const R1cs& system_;
    std::uint32_t log2_;
    const SetupSecrets& secrets_;
    Secret<Fr> delta_inverse_;
    detail::KeyHeader header_;
    BinaryWriter& out_;
    Job job_;
    SecretRandom& random_;
};

} // namespace

Result<std::uint32_t> domain_log2_of(const R1cs& system) {
    const std::uint64_t rows = system.constraint_count() + std::uint64_t{system.public_count()};
    const auto log2 = static_cast<std::uint32_t>(std::bit_width(rows));
    if (rows == 0 || log2 > kMaxDomainLog2)
        return fail(Errc::limit_exceeded, "{} constraints and public wires, 1 to 2^{} are known",
                    rows, kMaxDomainLog2);
    return log2;
}

namespace {

[[gnu::noinline]] Result<void> write_test_key(const R1cs& system, int fd, const std::string& name,
                                              const Job& job,
                                              const std::optional<SetupSecrets>& fixed,
                                              SecretRandom& random) {
    CODEX_TRY(log2, domain_log2_of(system));
    Secret<SetupSecrets> secrets;
    if (fixed)
        *secrets = *fixed;
    else
        for (Fr* secret : {&secrets->tau, &secrets->alpha, &secrets->beta, &secrets->delta})
            *secret = detail::random_scalar(random);
    CODEX_TRY(out, BinaryWriter::begin(fd, name, "zkey", 1, 10));
    CODEX_CHECK(SecretSetup(system, log2, *secrets, out, job, random).run());
    return out.finish();
}

} // namespace

Result<void> test_setup(const R1cs& system, int fd, const std::string& name, const Job& job,
                        const std::optional<SetupSecrets>& fixed, SecretRandom& random) {
    auto written = write_test_key(system, fd, name, job, fixed, random);
    wipe_stack();
    return written;
}

} // namespace codex::snark
