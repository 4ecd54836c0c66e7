#include "snark/ptau.hpp"

#include "crypto/curve/pairing.hpp"
#include "snark/detail/contribution_format.hpp"
#include "snark/detail/modulus.hpp"

namespace codex::snark {

namespace {

/// Points of a contribution, the participant's key, and the state of a hash.
constexpr std::size_t kContributionPoints = 3 * kG1Bytes + 2 * kG2Bytes;
constexpr std::size_t kContributionKey = 6 * kG1Bytes + 3 * kG2Bytes;
constexpr std::size_t kPartialHash = 216;
constexpr std::size_t kLeastContribution =
    kContributionPoints + kContributionKey + kPartialHash + sizeof(crypto::Blake2bDigest) + 8;

} // namespace

Result<PowersOfTau> PowersOfTau::read(BinaryFile file) {
    PowersOfTau powers(std::move(file));
    CODEX_CHECK(powers.file_.if_intact(powers.read_sections()));
    return powers;
}

Result<void> PowersOfTau::read_sections() {
    const BinaryFile& f = file_;
    CODEX_TRY(header, f.section(1));
    detail::BoundedReader in(header, fmt::format("{}: section 1", f.name()));
    CODEX_TRY(size, in.u32());
    if (size != 32)
        return fail(Errc::malformed, "{}: not over BN254", f.name());
    CODEX_TRY(modulus, in.take(32));
    if (!equal(modulus, detail::modulus_bytes<crypto::FqParams>()))
        return fail(Errc::malformed, "{}: not over BN254", f.name());
    CODEX_TRY(largest, in.u32());
    CODEX_TRY(whole, in.u32());
    if (in.left() != 0)
        return fail(Errc::malformed, "{}: section 1 has {} bytes", f.name(), header.size());
    if (largest == 0 || largest > kMaxPower || whole < largest || whole > kMaxPower)
        return fail(Errc::malformed, "{}: power {} of a ceremony of {}, 1 to {} are known",
                    f.name(), largest, whole, kMaxPower);
    power = largest;
    ceremony_power = whole;
    const std::uint64_t count = std::uint64_t{1} << power;
    CODEX_TRY(tau_g1_points, f.points(2, 2 * count - 1, kG1Bytes));
    CODEX_TRY(tau_g2_points, f.points(3, count, kG2Bytes));
    CODEX_TRY(alpha_g1_points, f.points(4, count, kG1Bytes));
    CODEX_TRY(beta_g1_points, f.points(5, count, kG1Bytes));
    CODEX_TRY(beta2_point, f.points(6, 1, kG2Bytes));
    if (!detail::coordinates_reduced(beta2_point))
        return fail(Errc::malformed, "{}: section 6: a coordinate is not reduced", f.name());
    tau_g1 = tau_g1_points;
    tau_g2 = tau_g2_points;
    alpha_g1 = alpha_g1_points;
    beta_g1 = beta_g1_points;
    beta2 = load_g2(beta2_point.data());
    if (!is_in_group(beta2))
        return fail(Errc::malformed, "{}: section 6: beta2 is not in G2", f.name());
    return {};
}

bool PowersOfTau::prepared() const {
    return file_.has(12) && file_.has(13) && file_.has(14) && file_.has(15);
}

Result<BytesView> PowersOfTau::lagrange(Basis basis, std::uint32_t log2) const {
    CODEX_ASSERT(log2 <= power + (basis == Basis::tau_g1 ? 1U : 0U));
    const auto type = static_cast<std::uint32_t>(basis);
    const std::size_t each = basis == Basis::tau_g2 ? kG2Bytes : kG1Bytes;
    CODEX_TRY(all, file_.section(type));
    // The forms of all domains stand one after another, from the one of size 1 on.
    const std::size_t count = std::size_t{1} << log2;
    const std::size_t begin = (count - 1) * each;
    if (all.size() < begin + count * each)
        return fail(Errc::malformed, "{}: section {} has {} bytes, none for a domain of 2^{}",
                    file_.name(), type, all.size(), log2);
    return all.subspan(begin, count * each);
}

Result<std::vector<PowersContribution>> PowersOfTau::contributions() const {
    return file_.if_intact(read_contributions());
}

Result<std::vector<PowersContribution>> PowersOfTau::read_contributions() const {
    CODEX_TRY(bytes, file_.section(7));
    detail::BoundedReader in(bytes, fmt::format("{}: section 7", file_.name()));
    CODEX_TRY(count, in.u32());
    if (count > in.left() / kLeastContribution)
        return fail(Errc::malformed, "{}: section 7: {} contributions in {} bytes", file_.name(),
                    count, bytes.size());
    std::vector<PowersContribution> list;
    for (std::uint32_t i = 0; i < count; ++i) {
        PowersContribution one;
        CODEX_CHECK(in.take(kContributionPoints + kContributionKey + kPartialHash));
        CODEX_TRY(challenge, in.take(one.next_challenge.size()));
        std::memcpy(one.next_challenge.data(), challenge.data(), challenge.size());
        auto label = detail::read_label(in);
        if (!label)
            return fail(std::move(label).error().context(
                fmt::format("{}: section 7: contribution {}", file_.name(), i + 1)));
        one.label = std::move(*label);
        list.push_back(std::move(one));
    }
    if (in.left() != 0)
        return fail(Errc::malformed, "{}: section 7: {} bytes behind the last contribution",
                    file_.name(), in.left());
    return list;
}

} // namespace codex::snark
