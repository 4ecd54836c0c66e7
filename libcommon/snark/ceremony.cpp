#include "snark/ceremony.hpp"

#include "crypto/curve/pairing.hpp"
#include "crypto/hash/sha256.hpp"
#include "crypto/msm/scale.hpp"
#include "snark/detail/ceremony_steps.hpp"
#include "snark/detail/contribution_format.hpp"
#include "snark/detail/key_format.hpp"
#include "snark/detail/random_checks.hpp"
#include "snark/detail/secret.hpp"

#include <algorithm>

namespace codex::snark {

namespace {

constexpr std::uint32_t kContribution = 0;
constexpr std::uint32_t kBeacon = 1;
constexpr std::uint32_t kLeastIterationsLog2 = 10;
constexpr std::uint32_t kMostIterationsLog2 = 63;
constexpr std::size_t kMaxBeaconBytes = 255;
/// Points that are scaled and written at once.
constexpr std::size_t kPiece = std::size_t{1} << 15;

Digest first_half(const crypto::Blake2bDigest& hash) {
    Digest half;
    std::copy_n(hash.begin(), half.size(), half.begin());
    return half;
}

/// Writes a key with one more contribution, section after section.
class Contributor {
public:
    Contributor(const ProvingKey& key, BinaryWriter& out, const Job& job)
        : key_(key), out_(out), job_(job) {}

    /// The secret, and then g1_s, are what the stream gives next.
    Result<Contribution> run(crypto::SeedStream& random, ContributionLabel label) {
        CODEX_TRY(before, key_.contributions());
        CODEX_TRY(circuit_hash, key_.circuit_hash());
        if (key_.delta1.is_infinity() || key_.delta2.is_infinity())
            return fail(Errc::malformed, "{}: delta is zero", key_.file().name());
        Secret<Fr> secret;
        *secret = random.next_scalar();
        Secret<Fr> inverse;
        *inverse = secret->inverse();
        const detail::KeyHeader header = {
            .wires = key_.wires,
            .public_count = key_.public_count,
            .domain_log2 = key_.domain_log2,
            .alpha1 = key_.alpha1,
            .beta1 = key_.beta1,
            .beta2 = key_.beta2,
            .gamma2 = key_.gamma2,
            .delta1 = crypto::times_secret(key_.delta1, *secret).to_affine(),
            .delta2 = crypto::times_secret(key_.delta2, *secret).to_affine()};
        detail::Transcript transcript(circuit_hash);
        for (const Contribution& one : before)
            transcript.add(one);
        before.push_back(detail::make_contribution(transcript, header.delta1, *secret,
                                                   random.next_g1(), std::move(label)));
        CODEX_CHECK(detail::write_header(out_, header));
        for (const std::uint32_t type : {3U, 4U, 5U, 6U, 7U})
            CODEX_CHECK(copy(type));
        CODEX_CHECK(scale(8, key_.c, *inverse));
        CODEX_CHECK(scale(9, key_.h, *inverse));
        CODEX_CHECK(
            detail::write_section(out_, 10, detail::contributions_section(circuit_hash, before)));
        CODEX_CHECK(out_.finish());
        return std::move(before.back());
    }

private:
    Result<void> copy(std::uint32_t type) {
        CODEX_TRY(bytes, key_.file().section(type));
        CODEX_CHECK(detail::write_section(out_, type, bytes));
        job_.advance(bytes.size());
        return {};
    }

    Result<void> scale(std::uint32_t type, BytesView bytes, const Fr& factor) {
        CODEX_CHECK(out_.begin_section(type));
        std::vector<G1> points;
        while (!bytes.empty()) {
            CODEX_CHECK(job_.go_on());
            const BytesView piece = bytes.first(std::min(bytes.size(), kPiece * kG1Bytes));
            bytes = bytes.subspan(piece.size());
            // Multiples of a point of another curve, of small order, would show the secret.
            if (!detail::all_in_g1(piece, job_.executor()))
                return fail(Errc::malformed, "{}: section {}: a point is not in its group",
                            key_.file().name(), type);
            points.resize(piece.size() / kG1Bytes);
            for (std::size_t i = 0; i < points.size(); ++i)
                points[i] = load_g1(piece.data() + i * kG1Bytes);
            crypto::scale_secret(points, factor, job_.executor());
            CODEX_CHECK(out_.write(detail::stored<G1>(points)));
            job_.advance(piece.size());
        }
        return out_.end_section();
    }

    const ProvingKey& key_;
    BinaryWriter& out_;
    Job job_;
};

[[gnu::noinline]] Result<Contribution> extend_key(const ProvingKey& key, int fd,
                                                  const std::string& file_name, const Digest& seed,
                                                  ContributionLabel label, const Job& job) {
    for (const auto& section : key.file().sections())
        if (section.first >= 3 && section.first <= 9)
            job.expect(section.second.size());
    crypto::SeedStream random(seed);
    CODEX_TRY(out, BinaryWriter::begin(fd, file_name, "zkey", 1, 10));
    return key.file().if_intact(Contributor(key, out, job).run(random, std::move(label)));
}

Result<Contribution> extend(const ProvingKey& key, int fd, const std::string& file_name,
                            const Digest& seed, ContributionLabel label, const Job& job) {
    auto made = extend_key(key, fd, file_name, seed, std::move(label), job);
    wipe_stack();
    return made;
}

/// The seed of a contribution: 64 bytes of `source`, hashed together with `extra`.
[[gnu::noinline]] void draw_seed(BytesView extra, SecretRandom& source, Digest& seed) {
    Secret<std::array<std::uint8_t, 64>> random;
    detail::random_bytes(*random, source);
    Secret<crypto::Blake2b> hash;
    hash->update(*random);
    hash->update(extra);
    Secret<crypto::Blake2bDigest> digest;
    *digest = hash->digest();
    seed = first_half(*digest);
}

Result<void> check_beacon(BytesView value, std::uint32_t iterations_log2) {
    if (value.empty() || value.size() > kMaxBeaconBytes)
        return fail(Errc::argument_invalid, "a beacon has 1 to {} bytes, not {}", kMaxBeaconBytes,
                    value.size());
    if (iterations_log2 < kLeastIterationsLog2 || iterations_log2 > kMostIterationsLog2)
        return fail(Errc::argument_invalid, "2^{} iterations, 2^{} to 2^{} are known",
                    iterations_log2, kLeastIterationsLog2, kMostIterationsLog2);
    return {};
}

/// That a beacon gives the points of its contribution.
Result<bool> follows_from_beacon(const Contribution& one, const Job& job) {
    CODEX_TRY(seed, detail::beacon_seed(one.label.beacon, one.label.beacon_iterations_log2, job));
    crypto::SeedStream random(seed);
    const Fr secret = random.next_scalar();
    const G1 g1_s = random.next_g1();
    return one.g1_s == g1_s &&
           one.g1_sx == crypto::G1Sum::from_affine(g1_s).times(secret.to_limbs()).to_affine();
}

/// What is wrong with a contribution that turned `delta` into its own; nothing when it is right.
std::string_view fault_of(const Contribution& one, const G1& delta,
                          const detail::Transcript& transcript) {
    for (const G1& point : {one.delta_after, one.g1_s, one.g1_sx})
        if (!is_in_group(point))
            return "a point is not in G1";
    if (!is_in_group(one.g2_spx))
        return "a point is not in G2";
    if (transcript.next(one.g1_s, one.g1_sx) != one.transcript)
        return "its transcript is not that of the circuit and the contributions before";
    const G2 g2_sp = detail::transcript_point(one.transcript);
    if (!detail::same_ratio(one.g1_s, one.g1_sx, g2_sp, one.g2_spx))
        return "its points are not multiples by one secret";
    if (!detail::same_ratio(delta, one.delta_after, g2_sp, one.g2_spx))
        return "delta was not multiplied by its secret";
    return {};
}

} // namespace

Result<Contribution> contribute(const ProvingKey& key, int fd, const std::string& file_name,
                                std::string name, BytesView extra, const Job& job,
                                SecretRandom& random) {
    CODEX_CHECK(check_contribution_name(name));
    Secret<Digest> seed;
    draw_seed(extra, random, *seed);
    ContributionLabel label;
    label.type = kContribution;
    label.name = std::move(name);
    return extend(key, fd, file_name, *seed, std::move(label), job);
}

Result<Contribution> apply_beacon(const ProvingKey& key, int fd, const std::string& file_name,
                                  std::string name, const Beacon& beacon, const Job& job) {
    CODEX_CHECK(check_contribution_name(name));
    CODEX_CHECK(check_beacon(beacon.value, beacon.iterations_log2));
    CODEX_TRY(seed, detail::beacon_seed(beacon.value, beacon.iterations_log2, job));
    ContributionLabel label;
    label.type = kBeacon;
    label.name = std::move(name);
    label.beacon_iterations_log2 = static_cast<std::uint8_t>(beacon.iterations_log2);
    label.beacon = beacon.value;
    return extend(key, fd, file_name, seed, std::move(label), job);
}

Result<std::vector<Contribution>>
check_contributions(const ProvingKey& key, std::uint32_t max_beacon_log2, const Job& job) {
    CODEX_TRY(list, key.contributions());
    CODEX_TRY(circuit_hash, key.circuit_hash());
    const std::string& file = key.file().name();
    detail::Transcript transcript(circuit_hash);
    G1 delta = crypto::g1_generator();
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Contribution& one = list[i];
        if (const std::string_view fault = fault_of(one, delta, transcript); !fault.empty())
            return fail(Errc::key_invalid, "{}: contribution {}: {}", file, i + 1, fault);
        if (one.label.type > kBeacon)
            return fail(Errc::key_invalid, "{}: contribution {}: type {} is not known", file, i + 1,
                        one.label.type);
        if (one.label.type == kBeacon) {
            const std::uint32_t log2 = one.label.beacon_iterations_log2;
            if (!check_beacon(one.label.beacon, log2))
                return fail(Errc::key_invalid,
                            "{}: contribution {}: no beacon of {} bytes and "
                            "2^{} iterations is known",
                            file, i + 1, one.label.beacon.size(), log2);
            if (log2 > max_beacon_log2)
                return fail(Errc::limit_exceeded,
                            "{}: contribution {}: a beacon of 2^{} iterations, allowed are 2^{}",
                            file, i + 1, log2, max_beacon_log2);
            CODEX_TRY(follows, follows_from_beacon(one, job));
            if (!follows)
                return fail(Errc::key_invalid, "{}: contribution {}: is not its beacon's", file,
                            i + 1);
        }
        transcript.add(one);
        delta = one.delta_after;
    }
    if (key.delta1 != delta)
        return fail(Errc::key_invalid, "{}: section 2: delta1 is not the last contribution's",
                    file);
    if (!detail::same_ratio(crypto::g1_generator(), delta, crypto::g2_generator(), key.delta2))
        return fail(Errc::key_invalid, "{}: section 2: delta2 is not delta1's", file);
    return list;
}

namespace detail {

Transcript::Transcript(const crypto::Blake2bDigest& circuit_hash) {
    hash_.update(circuit_hash);
}

void Transcript::add(const Contribution& contribution) {
    hash_.update(public_part(contribution));
}

crypto::Blake2bDigest Transcript::next(const G1& g1_s, const G1& g1_sx) const {
    Bytes bytes;
    append_uncompressed(bytes, g1_s);
    append_uncompressed(bytes, g1_sx);
    crypto::Blake2b hash = hash_;
    hash.update(bytes);
    return hash.digest();
}

G2 transcript_point(const crypto::Blake2bDigest& transcript) {
    return crypto::SeedStream(first_half(transcript)).next_g2();
}

Contribution make_contribution(const Transcript& transcript, const G1& delta_after,
                               const Fr& secret, const G1& g1_s, ContributionLabel label) {
    Contribution made;
    made.delta_after = delta_after;
    made.g1_s = g1_s;
    made.g1_sx = crypto::times_secret(g1_s, secret).to_affine();
    made.transcript = transcript.next(g1_s, made.g1_sx);
    made.g2_spx = crypto::times_secret(transcript_point(made.transcript), secret).to_affine();
    made.label = std::move(label);
    return made;
}

Result<Digest> beacon_seed(BytesView beacon, std::uint32_t iterations_log2, const Job& job) {
    constexpr std::uint64_t kStep = std::uint64_t{1} << 16;
    const std::uint64_t total = std::uint64_t{1} << iterations_log2;
    job.expect(total);
    Digest hash = crypto::sha256(beacon);
    for (std::uint64_t i = 1; i < total; ++i) {
        hash = crypto::sha256(hash);
        if (i % kStep != 0)
            continue;
        job.advance(kStep);
        CODEX_CHECK(job.go_on());
    }
    job.advance(std::min(kStep, total)); // of which the first was before the loop
    return hash;
}

} // namespace detail
} // namespace codex::snark
