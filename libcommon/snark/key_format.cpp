#include "snark/detail/key_format.hpp"

#include "base/endian.hpp"
#include "snark/detail/contribution_format.hpp"
#include "snark/detail/modulus.hpp"

namespace codex::snark::detail {

using crypto::FqParams;
using crypto::FrParams;
using crypto::Limbs;

namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
/// snarkjs hashes differences in chunks of this many, the last of which is not cut.
constexpr std::size_t kDifferenceChunk = std::size_t{1} << 14;

void append_limbs(Bytes& to, const Limbs& limbs) {
    for (const std::uint64_t limb : limbs) {
        std::array<std::uint8_t, 8> bytes;
        store_le(bytes.data(), limb);
        append(to, bytes);
    }
}

void append_u32(Bytes& to, std::uint32_t value) {
    std::array<std::uint8_t, 4> bytes;
    store_le(bytes.data(), value);
    append(to, bytes);
}

template <class Point> void hash_points(crypto::Blake2b& hash, std::span<const Point> points) {
    Bytes bytes;
    for (const Point& point : points) {
        append_uncompressed(bytes, point);
        if (bytes.size() >= kPieceBytes) {
            hash.update(bytes);
            bytes.clear();
        }
    }
    hash.update(bytes);
}

} // namespace

Result<void> write_section(BinaryWriter& out, std::uint32_t type, BytesView bytes) {
    CODEX_CHECK(out.begin_section(type));
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(bytes.size(), kPieceBytes)))
        CODEX_CHECK(out.write(bytes.first(std::min(bytes.size(), kPieceBytes))));
    return out.end_section();
}

Result<void> write_header(BinaryWriter& out, const KeyHeader& header) {
    Bytes bytes;
    append_u32(bytes, 1); // Groth16
    CODEX_CHECK(write_section(out, 1, bytes));
    bytes.clear();
    append_u32(bytes, 32);
    append(bytes, modulus_bytes<FqParams>());
    append_u32(bytes, 32);
    append(bytes, modulus_bytes<FrParams>());
    append_u32(bytes, header.wires);
    append_u32(bytes, header.public_count);
    append_u32(bytes, std::uint32_t{1} << header.domain_log2);
    const G1 g1[] = {header.alpha1, header.beta1, header.delta1};
    const G2 g2[] = {header.beta2, header.gamma2, header.delta2};
    append(bytes, stored<G1>(std::span(g1).first(2)));
    append(bytes, stored<G2>(std::span(g2).first(2)));
    append(bytes, stored<G1>(std::span(g1).last(1)));
    append(bytes, stored<G2>(std::span(g2).last(1)));
    return write_section(out, 2, bytes);
}

Result<void> coefficient_section(const R1cs& system, const ByteSink& sink) {
    std::uint64_t count = system.public_count() + std::uint64_t{1};
    for (std::size_t i = 0; i < system.constraint_count(); ++i)
        count += system.terms(i, 0).size() + system.terms(i, 1).size();
    if (count > UINT32_MAX)
        return fail(Errc::limit_exceeded, "{} coefficients, a key has 2^32 at most", count);
    const Fr extra = Fr::from_limbs(FrParams::kOne); // 2^256
    Bytes bytes;
    append_u32(bytes, static_cast<std::uint32_t>(count));
    const auto row = [&](std::uint32_t matrix, std::size_t constraint, const Term& term) {
        append_u32(bytes, matrix);
        append_u32(bytes, static_cast<std::uint32_t>(constraint));
        append_u32(bytes, term.wire);
        append_limbs(bytes, (term.coefficient * extra).montgomery());
    };
    for (std::size_t i = 0; i < system.constraint_count(); ++i) {
        for (unsigned side = 0; side < 2; ++side)
            for (const Term& term : system.terms(i, side))
                row(side, i, term);
        if (bytes.size() >= kPieceBytes) {
            CODEX_CHECK(sink(bytes));
            bytes.clear();
        }
    }
    for (std::uint32_t s = 0; s <= system.public_count(); ++s)
        row(0, system.constraint_count() + s, {s, Fr::one()});
    return sink(bytes);
}

CircuitHash::CircuitHash(const KeyHeader& header) {
    const G1 g1[] = {header.alpha1, header.beta1};
    // Whatever delta has become: it was 1.
    const G1 delta1[] = {crypto::g1_generator()};
    const G2 g2[] = {header.beta2, header.gamma2, crypto::g2_generator()};
    add(g1);
    add(std::span(g2).first(2));
    add(delta1);
    add(std::span(g2).last(1));
}

void CircuitHash::count(std::uint32_t points) {
    std::array<std::uint8_t, 4> bytes;
    store_be(bytes.data(), points);
    hash_.update(bytes);
}

void CircuitHash::add(std::span<const G1> points) {
    hash_points(hash_, points);
}

void CircuitHash::add(std::span<const G2> points) {
    hash_points(hash_, points);
}

std::size_t hashed_differences(std::uint32_t domain_log2) {
    const std::size_t size = std::size_t{1} << domain_log2;
    return size > kDifferenceChunk ? size : size - 1;
}

} // namespace codex::snark::detail
