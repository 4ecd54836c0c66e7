#include "snark/zkey.hpp"

#include "base/endian.hpp"
#include "crypto/curve/pairing.hpp"
#include "snark/detail/contribution_format.hpp"
#include "snark/detail/modulus.hpp"

#include <bit>
#include <cstring>

namespace codex::snark {

using crypto::FqParams;
using crypto::FrParams;
using crypto::Limbs;

namespace {

constexpr std::size_t kPointsInHeader = 4 + 32 + 4 + 32 + 12;
constexpr std::size_t kHeaderBytes = kPointsInHeader + 3 * kG1Bytes + 3 * kG2Bytes;

Fq load_fq(const std::uint8_t* from) {
    Limbs limbs;
    for (std::size_t i = 0; i < 4; ++i)
        limbs[i] = load_le<std::uint64_t>(from + 8 * i);
    return Fq::from_montgomery(limbs);
}

} // namespace

bool detail::coordinates_reduced(BytesView bytes) {
    for (std::size_t at = 0; at + 32 <= bytes.size(); at += 32)
        if (!Fq::below_modulus(load_fq(bytes.data() + at).montgomery()))
            return false;
    return true;
}

G1 load_g1(const std::uint8_t* from) {
    return {load_fq(from), load_fq(from + 32)};
}

G2 load_g2(const std::uint8_t* from) {
    return {{load_fq(from), load_fq(from + 32)}, {load_fq(from + 64), load_fq(from + 96)}};
}

Result<ProvingKey> ProvingKey::read(BinaryFile file) {
    ProvingKey key(std::move(file));
    CODEX_CHECK(key.file_.if_intact(key.read_sections()));
    return key;
}

Result<void> ProvingKey::read_sections() {
    CODEX_CHECK(read_header());
    CODEX_CHECK(read_verifying_points());
    CODEX_CHECK(read_coefficients());
    return read_points();
}

Result<void> ProvingKey::read_header() {
    CODEX_TRY(protocol, file_.section(1));
    if (protocol.size() != 4 || load_le<std::uint32_t>(protocol.data()) != 1)
        return fail(Errc::malformed, "{}: not a Groth16 key", file_.name());
    CODEX_TRY(header, file_.section(2));
    if (header.size() != kHeaderBytes)
        return fail(Errc::malformed, "{}: header is {} bytes, not {}", file_.name(), header.size(),
                    kHeaderBytes);
    const std::uint8_t* at = header.data();
    if (load_le<std::uint32_t>(at) != 32 ||
        !equal(header.subspan(4, 32), detail::modulus_bytes<FqParams>()) ||
        load_le<std::uint32_t>(at + 36) != 32 ||
        !equal(header.subspan(40, 32), detail::modulus_bytes<FrParams>()))
        return fail(Errc::malformed, "{}: not over BN254", file_.name());
    wires = load_le<std::uint32_t>(at + 72);
    public_count = load_le<std::uint32_t>(at + 76);
    const auto domain = load_le<std::uint32_t>(at + 80);
    if (!std::has_single_bit(domain) || domain > (std::uint32_t{1} << 27))
        return fail(Errc::malformed, "{}: domain size {} is not a power of two up to 2^27",
                    file_.name(), domain);
    domain_log2 = static_cast<std::uint32_t>(std::countr_zero(domain));
    if (public_count >= wires)
        return fail(Errc::malformed, "{}: {} public inputs of {} wires", file_.name(), public_count,
                    wires);
    return {};
}

Result<void> ProvingKey::read_verifying_points() {
    CODEX_TRY(header, file_.section(2));
    const BytesView points = header.subspan(kPointsInHeader);
    CODEX_TRY(ic_points, file_.points(3, std::uint64_t{public_count} + 1, kG1Bytes));
    if (!detail::coordinates_reduced(points) || !detail::coordinates_reduced(ic_points))
        return fail(Errc::malformed, "{}: a coordinate is not reduced", file_.name());
    alpha1 = load_g1(points.data());
    beta1 = load_g1(points.data() + 64);
    beta2 = load_g2(points.data() + 128);
    gamma2 = load_g2(points.data() + 256);
    delta1 = load_g1(points.data() + 384);
    delta2 = load_g2(points.data() + 448);
    bool in_group = is_in_group(alpha1) && is_in_group(beta1) && is_in_group(delta1) &&
                    is_in_group(beta2) && is_in_group(gamma2) && is_in_group(delta2);
    for (std::size_t i = 0; i <= public_count; ++i) {
        ic.push_back(load_g1(ic_points.data() + i * kG1Bytes));
        in_group = in_group && is_in_group(ic.back());
    }
    if (!in_group)
        return fail(Errc::malformed, "{}: a point is not in its group", file_.name());
    return {};
}

Result<void> ProvingKey::read_coefficients() {
    CODEX_TRY(rows, file_.section(4));
    if (rows.size() < 4 || rows.size() != 4 + load_le<std::uint32_t>(rows.data()) *
                                                  std::uint64_t{kCoefficientRowBytes})
        return fail(Errc::malformed, "{}: section 4 has {} bytes", file_.name(), rows.size());
    coefficients = rows.subspan(4);
    for (std::size_t i = 0; i < coefficient_count(); ++i) {
        const std::uint8_t* row = coefficients.data() + i * kCoefficientRowBytes;
        if (load_le<std::uint32_t>(row) > 1 || load_le<std::uint32_t>(row + 4) >= domain_size() ||
            load_le<std::uint32_t>(row + 8) >= wires)
            return fail(Errc::malformed, "{}: coefficient {} is outside the system", file_.name(),
                        i);
    }
    return {};
}

Result<void> ProvingKey::read_points() {
    CODEX_TRY(a_points, file_.points(5, wires, kG1Bytes));
    CODEX_TRY(b1_points, file_.points(6, wires, kG1Bytes));
    CODEX_TRY(b2_points, file_.points(7, wires, kG2Bytes));
    CODEX_TRY(c_points, file_.points(8, std::uint64_t{wires} - public_count - 1, kG1Bytes));
    CODEX_TRY(h_points, file_.points(9, domain_size(), kG1Bytes));
    a = a_points;
    b1 = b1_points;
    b2 = b2_points;
    c = c_points;
    h = h_points;
    return {};
}

CoefficientRow ProvingKey::coefficient(std::size_t index) const {
    const std::uint8_t* row = coefficients.data() + index * kCoefficientRowBytes;
    CoefficientRow result;
    result.matrix = load_le<std::uint32_t>(row);
    result.constraint = load_le<std::uint32_t>(row + 4);
    result.wire = load_le<std::uint32_t>(row + 8);
    Limbs limbs;
    for (std::size_t i = 0; i < 4; ++i)
        limbs[i] = load_le<std::uint64_t>(row + 12 + 8 * i);
    result.value = Fr::from_montgomery(limbs);
    return result;
}

VerifyingKey ProvingKey::verifying_key() const {
    return {alpha1, beta2, gamma2, delta2, ic};
}

Result<crypto::Blake2bDigest> ProvingKey::circuit_hash() const {
    return file_.if_intact(read_circuit_hash());
}

Result<std::vector<Contribution>> ProvingKey::contributions() const {
    return file_.if_intact(read_contributions());
}

Result<crypto::Blake2bDigest> ProvingKey::read_circuit_hash() const {
    CODEX_TRY(bytes, file_.section(10));
    crypto::Blake2bDigest hash;
    if (bytes.size() < hash.size() + 4)
        return fail(Errc::malformed, "{}: section 10 has {} bytes", file_.name(), bytes.size());
    std::memcpy(hash.data(), bytes.data(), hash.size());
    return hash;
}

Result<std::vector<Contribution>> ProvingKey::read_contributions() const {
    CODEX_TRY(bytes, file_.section(10));
    detail::BoundedReader in(bytes, fmt::format("{}: section 10", file_.name()));
    CODEX_CHECK(in.take(sizeof(crypto::Blake2bDigest)));
    CODEX_TRY(count, in.u32());
    // Each is at least this long, so a count that lies is seen before it is believed.
    constexpr std::size_t kLeast = 3 * kG1Bytes + kG2Bytes + 64 + 8;
    if (count > in.left() / kLeast)
        return fail(Errc::malformed, "{}: section 10: {} contributions in {} bytes", file_.name(),
                    count, bytes.size());
    std::vector<Contribution> list;
    for (std::uint32_t i = 0; i < count; ++i) {
        auto one = detail::read_contribution(in);
        if (!one)
            return fail(std::move(one).error().context(
                fmt::format("{}: contribution {}", file_.name(), i + 1)));
        list.push_back(std::move(*one));
    }
    if (in.left() != 0)
        return fail(Errc::malformed, "{}: section 10: {} bytes behind the last contribution",
                    file_.name(), in.left());
    return list;
}

} // namespace codex::snark
