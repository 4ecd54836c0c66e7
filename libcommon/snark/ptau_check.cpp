// Whether a phase-1 file is what it says, for a domain of a size.
#include "crypto/msm/msm.hpp"
#include "crypto/ntt/ntt.hpp"
#include "snark/detail/random_checks.hpp"
#include "snark/ptau.hpp"

namespace codex::snark {

namespace {

using Basis = PowersOfTau::Basis;

class Check {
public:
    Check(const PowersOfTau& powers, std::uint32_t log2, const Job& job)
        : powers_(powers), log2_(log2), count_(std::size_t{1} << log2), job_(job),
          pool_(job.executor()) {}

    /// Cheap refusals first.
    Result<void> run() {
        CODEX_CHECK(in_groups());
        CODEX_CHECK(begins());
        CODEX_CHECK(ratio(2, powers_.tau_g1.first(powers_count() * kG1Bytes)));
        CODEX_CHECK(ratio(4, powers_.alpha_g1.first(count_ * kG1Bytes)));
        CODEX_CHECK(ratio(5, powers_.beta_g1.first(count_ * kG1Bytes)));
        CODEX_CHECK(both_groups());
        if (!powers_.prepared())
            return {};
        CODEX_CHECK(lagrange(Basis::tau_g1, log2_, powers_.tau_g1));
        CODEX_CHECK(lagrange(Basis::tau_g1, log2_ + 1, powers_.tau_g1));
        CODEX_CHECK(lagrange(Basis::tau_g2, log2_, powers_.tau_g2));
        CODEX_CHECK(lagrange(Basis::alpha_g1, log2_, powers_.alpha_g1));
        return lagrange(Basis::beta_g1, log2_, powers_.beta_g1);
    }

private:
    /// Powers of tau in G1 that a key can come from: the double domain's, as far as the file goes.
    [[nodiscard]] std::size_t powers_count() const {
        return std::min(2 * count_, powers_.tau_g1.size() / kG1Bytes);
    }

    [[nodiscard]] Unexpected<Error> wrong(std::uint32_t section, std::string_view how) const {
        return fail(Errc::malformed, "{}: section {}: {}", powers_.file().name(), section, how);
    }

    Result<void> in_groups() {
        constexpr std::string_view kWhy = "a point is not in its group";
        const std::pair<std::uint32_t, BytesView> g1[] = {
            {2, powers_.tau_g1.first(powers_count() * kG1Bytes)},
            {4, powers_.alpha_g1.first(count_ * kG1Bytes)},
            {5, powers_.beta_g1.first(count_ * kG1Bytes)}};
        for (const auto& [section, points] : g1) {
            CODEX_CHECK(job_.go_on());
            if (!detail::all_in_g1(points, pool_))
                return wrong(section, kWhy);
        }
        CODEX_CHECK(job_.go_on());
        if (!detail::all_in_g2(powers_.tau_g2.first(count_ * kG2Bytes), pool_))
            return wrong(3, kWhy);
        if (!powers_.prepared())
            return {};
        for (const Basis basis : {Basis::tau_g1, Basis::alpha_g1, Basis::beta_g1}) {
            CODEX_TRY(points, powers_.lagrange(basis, log2_));
            CODEX_CHECK(job_.go_on());
            if (!detail::all_in_g1(points, pool_))
                return wrong(static_cast<std::uint32_t>(basis), kWhy);
        }
        CODEX_TRY(wide, powers_.lagrange(Basis::tau_g1, log2_ + 1));
        CODEX_CHECK(job_.go_on());
        if (!detail::all_in_g1(wide, pool_))
            return wrong(12, kWhy);
        CODEX_TRY(g2, powers_.lagrange(Basis::tau_g2, log2_));
        CODEX_CHECK(job_.go_on());
        if (!detail::all_in_g2(g2, pool_))
            return wrong(13, kWhy);
        return {};
    }

    /// The zeroth powers, and beta in both groups.
    Result<void> begins() {
        if (load_g1(powers_.tau_g1.data()) != crypto::g1_generator())
            return wrong(2, "does not begin with the generator");
        if (load_g2(powers_.tau_g2.data()) != crypto::g2_generator())
            return wrong(3, "does not begin with the generator");
        if (!detail::same_ratio(crypto::g1_generator(), load_g1(powers_.tau_g1.data() + kG1Bytes),
                                crypto::g2_generator(), tau2()))
            return wrong(3, "tau is not section 2's");
        if (load_g1(powers_.alpha_g1.data()).is_infinity())
            return wrong(4, "alpha is zero");
        if (!detail::same_ratio(crypto::g1_generator(), load_g1(powers_.beta_g1.data()),
                                crypto::g2_generator(), powers_.beta2))
            return wrong(6, "beta is not section 5's");
        return {};
    }

    [[nodiscard]] G2 tau2() const { return load_g2(powers_.tau_g2.data() + kG2Bytes); }

    G1 combine(const std::vector<Digest>& coefficients, BytesView points) {
        return crypto::msm_g1(coefficients, points.first(coefficients.size() * kG1Bytes), pool_)
            .to_affine();
    }

    /// Each point is tau times the one before.
    Result<void> ratio(std::uint32_t section, BytesView points) {
        CODEX_CHECK(job_.go_on());
        const auto coefficients = detail::random_coefficients(points.size() / kG1Bytes - 1);
        if (!detail::same_ratio(combine(coefficients, points),
                                combine(coefficients, points.subspan(kG1Bytes)),
                                crypto::g2_generator(), tau2()))
            return wrong(section, "these are not powers of one tau");
        return {};
    }

    /// Section 3 has the powers that section 2 has.
    Result<void> both_groups() {
        CODEX_CHECK(job_.go_on());
        const auto coefficients = detail::random_coefficients(count_);
        const G2 sum = crypto::msm_g2(coefficients, powers_.tau_g2.first(count_ * kG2Bytes), pool_)
                           .to_affine();
        if (!detail::same_ratio(crypto::g1_generator(), combine(coefficients, powers_.tau_g1),
                                crypto::g2_generator(), sum))
            return wrong(3, "these are not powers of one tau");
        return {};
    }

    /// sum_i ntt(s)_i [l_i(tau)] = sum_j s_j [tau^j] for random s. A power that the file has not
    /// gets no weight.
    Result<void> lagrange(Basis basis, std::uint32_t log2, BytesView powers) {
        CODEX_TRY(forms, powers_.lagrange(basis, log2));
        CODEX_CHECK(job_.go_on());
        const std::size_t each = basis == Basis::tau_g2 ? kG2Bytes : kG1Bytes;
        const std::size_t size = std::size_t{1} << log2;
        std::vector<Digest> weights =
            detail::random_coefficients(std::min(size, powers.size() / each));
        std::vector<Fr> values(size);
        for (std::size_t i = 0; i < weights.size(); ++i)
            values[i] = Fr::from_bytes_reduced(weights[i]);
        crypto::ntt(values, pool_);
        std::vector<Digest> transformed(size);
        for (std::size_t i = 0; i < size; ++i)
            transformed[i] = values[i].to_bytes();
        const BytesView bases = powers.first(weights.size() * each);
        const bool same = basis == Basis::tau_g2 ? crypto::msm_g2(transformed, forms, pool_) ==
                                                       crypto::msm_g2(weights, bases, pool_)
                                                 : crypto::msm_g1(transformed, forms, pool_) ==
                                                       crypto::msm_g1(weights, bases, pool_);
        if (!same)
            return wrong(static_cast<std::uint32_t>(basis),
                         "this is not the Lagrange form of the powers");
        return {};
    }

    const PowersOfTau& powers_;
    std::uint32_t log2_;
    std::size_t count_;
    Job job_;
    Executor& pool_;
};

} // namespace

Result<void> PowersOfTau::check(std::uint32_t log2, const Job& job) const {
    CODEX_ASSERT(log2 <= power);
    return file_.if_intact(Check(*this, log2, job).run());
}

} // namespace codex::snark
