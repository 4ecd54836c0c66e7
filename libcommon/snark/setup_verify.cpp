// Whether a key is the one that a circuit and a phase-1 file give, with the contributions it lists.
#include "crypto/msm/msm.hpp"
#include "crypto/ntt/ntt.hpp"
#include "snark/ceremony.hpp"
#include "snark/detail/random_checks.hpp"
#include "snark/detail/wire_points.hpp"
#include "snark/setup.hpp"

namespace codex::snark {

namespace {

class Verification {
public:
    Verification(const ProvingKey& key, const R1cs& system, const PowersOfTau& powers,
                 const detail::WirePoints& points, const Job& job)
        : key_(key), system_(system), powers_(powers), points_(points), job_(job),
          pool_(job.executor()), hash_(points.header()) {}

    Result<void> run() {
        CODEX_CHECK(header());
        CODEX_CHECK(coefficients());
        for (const auto& [type, bytes] : {std::pair{8, key_.c}, std::pair{9, key_.h}}) {
            CODEX_CHECK(job_.go_on());
            if (!detail::all_in_g1(bytes, pool_))
                return wrong(type, "a point is not in its group");
        }
        CODEX_CHECK(job_.go_on());
        CODEX_CHECK(h());
        CODEX_CHECK(same<G1>(3, [&](const auto& sink) { return points_.ic(sink); }));
        hash_.count((std::uint32_t{1} << points_.domain_log2()) - 1);
        CODEX_CHECK(points_.differences([this](std::span<const G1> piece) -> Result<void> {
            hash_.add(piece);
            return {};
        }));
        CODEX_CHECK(c());
        CODEX_CHECK(same<G1>(5, [&](const auto& sink) { return points_.a(sink); }));
        CODEX_CHECK(same<G1>(6, [&](const auto& sink) { return points_.b1(sink); }));
        CODEX_CHECK(same<G2>(7, [&](const auto& sink) { return points_.b2(sink); }));
        CODEX_TRY(circuit_hash, key_.circuit_hash());
        if (circuit_hash != hash_.digest())
            return wrong(10, "the circuit's hash is another");
        return {};
    }

private:
    template <class... Args>
    [[nodiscard]] Unexpected<Error> wrong(int section, fmt::format_string<Args...> form,
                                          Args&&... args) const {
        return fail(Errc::key_invalid, "{}: section {}: {}", key_.file().name(), section,
                    fmt::format(form, std::forward<Args>(args)...));
    }

    Result<void> header() {
        const detail::KeyHeader expected = points_.header();
        if (key_.wires != expected.wires)
            return wrong(2, "is for {} wires, the circuit has {}", key_.wires, expected.wires);
        if (key_.public_count != expected.public_count)
            return wrong(2, "is for {} public wires, the circuit has {}", key_.public_count,
                         expected.public_count);
        if (key_.domain_log2 != expected.domain_log2)
            return wrong(2, "the domain is 2^{}, the circuit's is 2^{}", key_.domain_log2,
                         expected.domain_log2);
        if (key_.alpha1 != expected.alpha1)
            return wrong(2, "alpha1 is not that of the powers");
        if (key_.beta1 != expected.beta1)
            return wrong(2, "beta1 is not that of the powers");
        if (key_.beta2 != expected.beta2)
            return wrong(2, "beta2 is not that of the powers");
        if (key_.gamma2 != expected.gamma2)
            return wrong(2, "gamma2 is not the generator");
        return {};
    }

    /// What comes is what the section has from where the last piece ended.
    Result<void> compare(int type, BytesView section, std::size_t& at, BytesView piece) const {
        if (section.size() - at < piece.size() || !equal(section.subspan(at, piece.size()), piece))
            return wrong(type, "is not the circuit's in the {} bytes from {} on", piece.size(), at);
        at += piece.size();
        return {};
    }

    Result<void> coefficients() const {
        CODEX_TRY(section, key_.file().section(4));
        std::size_t at = 0;
        CODEX_CHECK(detail::coefficient_section(
            system_, [&](BytesView piece) { return compare(4, section, at, piece); }));
        if (at != section.size())
            return wrong(4, "has {} bytes more than the circuit's", section.size() - at);
        return {};
    }

    /// A section that contributions leave alone: byte by byte. Its size is the header's.
    template <class Point, class Give> Result<void> same(int type, Give give) {
        CODEX_TRY(section, key_.file().section(static_cast<std::uint32_t>(type)));
        hash_.count(static_cast<std::uint32_t>(section.size() / sizeof(Point)));
        std::size_t at = 0;
        return give([&](std::span<const Point> piece) -> Result<void> {
            hash_.add(piece);
            return compare(type, section, at, detail::stored<Point>(piece));
        });
    }

    /// The key's sum is the other divided by delta, or both are infinity.
    [[nodiscard]] bool divided_by_delta(const G1& sum, const G1& initial) const {
        if (sum.is_infinity() && initial.is_infinity())
            return true;
        return detail::same_ratio(sum, initial, crypto::g2_generator(), key_.delta2);
    }

    /// Section 8 against the circuit's points, by one random combination of either.
    Result<void> c() {
        const std::vector<Digest> weights = detail::random_coefficients(key_.c.size() / kG1Bytes);
        hash_.count(static_cast<std::uint32_t>(weights.size()));
        crypto::G1Sum initial = crypto::G1Sum::infinity();
        std::size_t at = 0;
        CODEX_CHECK(points_.c([&](std::span<const G1> piece) -> Result<void> {
            hash_.add(piece);
            initial += crypto::msm(std::span(weights).subspan(at, piece.size()), piece, pool_);
            at += piece.size();
            return {};
        }));
        CODEX_CHECK(job_.go_on());
        if (!divided_by_delta(crypto::msm_g1(weights, key_.c, pool_).to_affine(),
                              initial.to_affine()))
            return wrong(8, "is not the circuit's divided by delta");
        return {};
    }

    /// Section 9, H_j = [l_(2j+1)(tau) / delta] over the double domain, against the powers, as
    /// proofs use it: for random s_i, i < n - 1, the polynomial sum_i s_i x^i (x^n - 1) is 0 at the
    /// even points and -2 sum_i s_i g^i w^(ij) at the odd ones, g of order 2n and w = g^2.
    Result<void> h() {
        const std::size_t size = key_.domain_size();
        const std::vector<Digest> weights = detail::random_coefficients(size - 1);
        const auto powers = [&](std::size_t from) {
            return crypto::msm_g1(
                weights, powers_.tau_g1.subspan(from * kG1Bytes, weights.size() * kG1Bytes), pool_);
        };
        crypto::G1Sum initial = powers(size);
        initial += -powers(0);
        CODEX_CHECK(job_.go_on());
        std::vector<Fr> values(size);
        const Fr g = crypto::root_of_unity(key_.domain_log2 + 1);
        Fr factor = -Fr::from_u64(2);
        for (std::size_t i = 0; i + 1 < size; ++i) {
            values[i] = factor * Fr::from_bytes_reduced(weights[i]);
            factor *= g;
        }
        crypto::ntt(values, pool_);
        std::vector<Digest> transformed(size);
        for (std::size_t i = 0; i < size; ++i)
            transformed[i] = values[i].to_bytes();
        CODEX_CHECK(job_.go_on());
        if (!divided_by_delta(crypto::msm_g1(transformed, key_.h, pool_).to_affine(),
                              initial.to_affine()))
            return wrong(9, "is not that of the powers divided by delta");
        return {};
    }

    const ProvingKey& key_;
    const R1cs& system_;
    const PowersOfTau& powers_;
    const detail::WirePoints& points_;
    Job job_;
    Executor& pool_;
    detail::CircuitHash hash_;
};

} // namespace

Result<std::vector<Contribution>> verify_setup(const ProvingKey& key, const R1cs& system,
                                               const PowersOfTau& powers,
                                               std::uint32_t max_beacon_log2, const Job& job) {
    const auto checked = [&]() -> Result<std::vector<Contribution>> {
        CODEX_TRY(contributions, check_contributions(key, max_beacon_log2, job));
        CODEX_TRY(points, detail::WirePoints::open(system, powers, job));
        CODEX_CHECK(Verification(key, system, powers, points, job).run());
        return contributions;
    };
    return key.file().if_intact(powers.file().if_intact(checked()));
}

} // namespace codex::snark
