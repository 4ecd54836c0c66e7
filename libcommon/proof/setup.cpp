// Key generation from known secrets (spec 02 sections 7.3 and 8.1): for tests.
#include "base/checked.hpp"
#include "base/endian.hpp"
#include "crypto/msm/msm.hpp"
#include "crypto/ntt/ntt.hpp"
#include "proof/detail/secret.hpp"
#include "proof/groth16.hpp"

#include <bit>

namespace codex::proof {

using crypto::FqParams;
using crypto::FrParams;
using crypto::Limbs;

namespace {

constexpr unsigned kMaxDomainLog2 = 27;

/// The Lagrange polynomials of the domain of size 2^log2 at tau:
/// l_i = (tau^n - 1) / n * w^i / (tau - w^i). tau is outside the domain.
std::vector<Fr> lagrange(unsigned log2, const Fr& tau) {
    const std::size_t size = std::size_t{1} << log2;
    const Fr root = crypto::root_of_unity(log2);
    Fr power = tau;
    for (unsigned i = 0; i < log2; ++i)
        power = power.square();
    const Fr scale = (power - Fr::one()) * Fr::from_u64(size).inverse();
    std::vector<Fr> values(size);
    std::vector<Fr> scratch(size);
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
    return values;
}

/// A_i(tau), B_i(tau), C_i(tau) of every wire.
struct Columns {
    std::vector<Fr> a, b, c;

    Columns(const R1cs& system, const std::vector<Fr>& basis)
        : a(system.wires), b(system.wires), c(system.wires) {
        for (std::size_t i = 0; i < system.constraint_count(); ++i) {
            for (const Term& term : system.terms(i, 0))
                a[term.wire] += term.coefficient * basis[i];
            for (const Term& term : system.terms(i, 1))
                b[term.wire] += term.coefficient * basis[i];
            for (const Term& term : system.terms(i, 2))
                c[term.wire] += term.coefficient * basis[i];
        }
        // One more row for each public wire binds it, lest it stand in no constraint.
        for (std::size_t s = 0; s <= system.public_count(); ++s)
            a[s] += basis[system.constraint_count() + s];
    }
};

Bytes field_bytes(const Limbs& limbs) {
    Bytes bytes(32);
    for (std::size_t i = 0; i < 4; ++i)
        store_le(bytes.data() + 8 * i, limbs[i]);
    return bytes;
}

Bytes point_bytes(const G1& p) {
    Bytes bytes = field_bytes(p.x.montgomery());
    append(bytes, field_bytes(p.y.montgomery()));
    return bytes;
}

Bytes point_bytes(const G2& p) {
    Bytes bytes;
    for (const Fq& value : {p.x.c0, p.x.c1, p.y.c0, p.y.c1})
        append(bytes, field_bytes(value.montgomery()));
    return bytes;
}

template <class Point>
Result<void> write_points(BinaryWriter& out, std::uint32_t type, std::span<const Point> points) {
    CODEX_CHECK(out.begin_section(type));
    for (const Point& point : points)
        CODEX_CHECK(out.write(point_bytes(point)));
    return out.end_section();
}

/// Section 4: rows (matrix, constraint, wire, coefficient * 2^512), public binding rows last.
Result<void> write_coefficients(BinaryWriter& out, const R1cs& system) {
    std::uint64_t count = system.public_count() + std::uint64_t{1};
    for (std::size_t i = 0; i < system.constraint_count(); ++i)
        count += system.terms(i, 0).size() + system.terms(i, 1).size();
    CODEX_CHECK(out.begin_section(4));
    CODEX_CHECK(out.write_u32(static_cast<std::uint32_t>(count)));
    const Fr extra = Fr::from_limbs(FrParams::kOne); // 2^256
    const auto row = [&](std::uint32_t matrix, std::size_t constraint, std::uint32_t wire,
                         const Fr& value) -> Result<void> {
        CODEX_CHECK(out.write_u32(matrix));
        CODEX_CHECK(out.write_u32(static_cast<std::uint32_t>(constraint)));
        CODEX_CHECK(out.write_u32(wire));
        return out.write(field_bytes((value * extra).montgomery()));
    };
    for (std::size_t i = 0; i < system.constraint_count(); ++i)
        for (unsigned side = 0; side < 2; ++side)
            for (const Term& term : system.terms(i, side))
                CODEX_CHECK(row(side, i, term.wire, term.coefficient));
    for (std::uint32_t s = 0; s <= system.public_count(); ++s)
        CODEX_CHECK(row(0, system.constraint_count() + s, s, Fr::one()));
    return out.end_section();
}

} // namespace

Result<void> test_setup(const R1cs& system, int fd, const std::string& name, ThreadPool* pool,
                        const std::optional<SetupSecrets>& fixed) {
    const std::uint64_t rows = system.constraint_count() + system.public_count();
    const auto log2 = static_cast<unsigned>(std::bit_width(rows));
    if (rows == 0 || log2 > kMaxDomainLog2)
        return fail(Errc::limit_exceeded, "{}: {} constraints", name, system.constraint_count());
    const std::size_t domain = std::size_t{1} << log2;
    detail::Secret<SetupSecrets> secret;
    *secret = fixed ? *fixed
                    : SetupSecrets{detail::random_scalar(), detail::random_scalar(),
                                   detail::random_scalar(), detail::random_scalar()};
    const Fr delta_inverse = secret->delta.inverse();
    const G1 g1 = crypto::g1_generator();
    const G2 g2 = crypto::g2_generator();

    CODEX_TRY(out, BinaryWriter::begin(fd, name, "zkey", 1, 10));
    CODEX_CHECK(out.begin_section(1));
    CODEX_CHECK(out.write_u32(1));
    CODEX_CHECK(out.end_section());
    CODEX_CHECK(out.begin_section(2));
    CODEX_CHECK(out.write_u32(32));
    CODEX_CHECK(out.write(field_bytes(FqParams::kModulus)));
    CODEX_CHECK(out.write_u32(32));
    CODEX_CHECK(out.write(field_bytes(FrParams::kModulus)));
    CODEX_CHECK(out.write_u32(system.wires));
    CODEX_CHECK(out.write_u32(system.public_count()));
    CODEX_CHECK(out.write_u32(static_cast<std::uint32_t>(domain)));
    CODEX_CHECK(out.write(point_bytes(crypto::times_secret(g1, secret->alpha).to_affine())));
    CODEX_CHECK(out.write(point_bytes(crypto::times_secret(g1, secret->beta).to_affine())));
    CODEX_CHECK(out.write(point_bytes(crypto::times_secret(g2, secret->beta).to_affine())));
    CODEX_CHECK(out.write(point_bytes(g2)));
    CODEX_CHECK(out.write(point_bytes(crypto::times_secret(g1, secret->delta).to_affine())));
    CODEX_CHECK(out.write(point_bytes(crypto::times_secret(g2, secret->delta).to_affine())));
    CODEX_CHECK(out.end_section());
    CODEX_CHECK(write_coefficients(out, system));

    // Scalars of the points. They are functions of the secrets, wiped like them.
    const std::vector<Fr> basis = lagrange(log2, secret->tau);
    Columns columns(system, basis);
    std::vector<Fr> c(system.wires);
    for (std::size_t i = 0; i < c.size(); ++i) {
        c[i] = secret->beta * columns.a[i] + secret->alpha * columns.b[i] + columns.c[i];
        if (i > system.public_count())
            c[i] *= delta_inverse;
    }
    const std::size_t first_private = system.public_count() + 1;
    CODEX_CHECK(write_points<G1>(
        out, 3, crypto::multiples_g1(g1, std::span(c).first(first_private), pool)));
    {
        std::vector<Fr> h = lagrange(log2 + 1, secret->tau);
        for (std::size_t j = 0; j < domain; ++j)
            h[j] = h[2 * j + 1] * delta_inverse;
        h.resize(domain);
        CODEX_CHECK(write_points<G1>(out, 9, crypto::multiples_g1(g1, h, pool)));
        detail::wipe(h.data(), h.size() * sizeof(Fr));
    }
    CODEX_CHECK(write_points<G1>(
        out, 8, crypto::multiples_g1(g1, std::span(c).subspan(first_private), pool)));
    CODEX_CHECK(write_points<G1>(out, 5, crypto::multiples_g1(g1, columns.a, pool)));
    CODEX_CHECK(write_points<G1>(out, 6, crypto::multiples_g1(g1, columns.b, pool)));
    CODEX_CHECK(write_points<G2>(out, 7, crypto::multiples_g2(g2, columns.b, pool)));
    for (std::vector<Fr>* scalars : {&c, &columns.a, &columns.b, &columns.c})
        detail::wipe(scalars->data(), scalars->size() * sizeof(Fr));
    CODEX_CHECK(out.begin_section(10));
    CODEX_CHECK(out.write(Bytes(64)));
    CODEX_CHECK(out.write_u32(0));
    CODEX_CHECK(out.end_section());
    return out.finish();
}

} // namespace codex::proof
