#include "proof/zkey.hpp"

#include "base/endian.hpp"
#include "crypto/curve/pairing.hpp"
#include "proof/detail/contribution_format.hpp"

#include <bit>
#include <cstring>

namespace codex::proof {

using crypto::FqParams;
using crypto::FrParams;
using crypto::Limbs;

namespace {

constexpr std::size_t kHeaderBytes = 4 + 32 + 4 + 32 + 12 + 3 * kG1Bytes + 3 * kG2Bytes;

bool is_modulus(const std::uint8_t* bytes, const Limbs& modulus) {
    for (std::size_t i = 0; i < 4; ++i)
        if (load_le<std::uint64_t>(bytes + 8 * i) != modulus[i])
            return false;
    return true;
}

Fq load_fq(const std::uint8_t* from) {
    Limbs limbs;
    for (std::size_t i = 0; i < 4; ++i)
        limbs[i] = load_le<std::uint64_t>(from + 8 * i);
    return Fq::from_montgomery(limbs);
}

Result<BytesView> section_of(const BinaryFile& file, std::uint32_t type, std::uint64_t count,
                             std::size_t each) {
    CODEX_TRY(bytes, file.section(type));
    if (bytes.size() != count * each)
        return fail(Errc::malformed, "{}: section {} has {} bytes, {} points need {}", file.name(),
                    type, bytes.size(), count, count * each);
    return bytes;
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
    const BinaryFile& f = key.file_;
    CODEX_TRY(protocol, f.section(1));
    if (protocol.size() != 4 || load_le<std::uint32_t>(protocol.data()) != 1)
        return fail(Errc::malformed, "{}: not a Groth16 key", f.name());
    CODEX_TRY(header, f.section(2));
    if (header.size() != kHeaderBytes)
        return fail(Errc::malformed, "{}: header is {} bytes, not {}", f.name(), header.size(),
                    kHeaderBytes);
    const std::uint8_t* at = header.data();
    if (load_le<std::uint32_t>(at) != 32 || !is_modulus(at + 4, FqParams::kModulus) ||
        load_le<std::uint32_t>(at + 36) != 32 || !is_modulus(at + 40, FrParams::kModulus))
        return fail(Errc::malformed, "{}: not over BN254", f.name());
    key.wires = load_le<std::uint32_t>(at + 72);
    key.public_count = load_le<std::uint32_t>(at + 76);
    const auto domain = load_le<std::uint32_t>(at + 80);
    if (!std::has_single_bit(domain) || domain > (std::uint32_t{1} << 27))
        return fail(Errc::malformed, "{}: domain size {} is not a power of two up to 2^27",
                    f.name(), domain);
    key.domain_log2 = static_cast<std::uint32_t>(std::countr_zero(domain));
    if (key.public_count >= key.wires)
        return fail(Errc::malformed, "{}: {} public inputs of {} wires", f.name(), key.public_count,
                    key.wires);
    at += 84;
    CODEX_TRY(ic, section_of(f, 3, std::uint64_t{key.public_count} + 1, kG1Bytes));
    if (!detail::coordinates_reduced(header.subspan(84)) || !detail::coordinates_reduced(ic))
        return fail(Errc::malformed, "{}: a coordinate is not reduced", f.name());
    key.alpha1 = load_g1(at);
    key.beta1 = load_g1(at + 64);
    key.beta2 = load_g2(at + 128);
    key.gamma2 = load_g2(at + 256);
    key.delta1 = load_g1(at + 384);
    key.delta2 = load_g2(at + 448);
    bool in_group = is_in_group(key.alpha1) && is_in_group(key.beta1) && is_in_group(key.delta1) &&
                    is_in_group(key.beta2) && is_in_group(key.gamma2) && is_in_group(key.delta2);
    for (std::size_t i = 0; i <= key.public_count; ++i) {
        key.ic.push_back(load_g1(ic.data() + i * kG1Bytes));
        in_group = in_group && is_in_group(key.ic.back());
    }
    if (!in_group)
        return fail(Errc::malformed, "{}: a point is not in its group", f.name());
    CODEX_TRY(rows, f.section(4));
    if (rows.size() < 4 || rows.size() != 4 + load_le<std::uint32_t>(rows.data()) *
                                                  std::uint64_t{kCoefficientRowBytes})
        return fail(Errc::malformed, "{}: section 4 has {} bytes", f.name(), rows.size());
    key.coefficients = rows.subspan(4);
    for (std::size_t i = 0; i < key.coefficient_count(); ++i) {
        const std::uint8_t* row = key.coefficients.data() + i * kCoefficientRowBytes;
        if (load_le<std::uint32_t>(row) > 1 || load_le<std::uint32_t>(row + 4) >= domain ||
            load_le<std::uint32_t>(row + 8) >= key.wires)
            return fail(Errc::malformed, "{}: coefficient {} is outside the system", f.name(), i);
    }
    CODEX_TRY(a, section_of(f, 5, key.wires, kG1Bytes));
    CODEX_TRY(b1, section_of(f, 6, key.wires, kG1Bytes));
    CODEX_TRY(b2, section_of(f, 7, key.wires, kG2Bytes));
    CODEX_TRY(c, section_of(f, 8, std::uint64_t{key.wires} - key.public_count - 1, kG1Bytes));
    CODEX_TRY(h, section_of(f, 9, domain, kG1Bytes));
    key.a = a;
    key.b1 = b1;
    key.b2 = b2;
    key.c = c;
    key.h = h;
    return key;
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
    CODEX_TRY(bytes, file_.section(10));
    crypto::Blake2bDigest hash;
    if (bytes.size() < hash.size() + 4)
        return fail(Errc::malformed, "{}: section 10 has {} bytes", file_.name(), bytes.size());
    std::memcpy(hash.data(), bytes.data(), hash.size());
    return hash;
}

Result<std::vector<Contribution>> ProvingKey::contributions() const {
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

} // namespace codex::proof
