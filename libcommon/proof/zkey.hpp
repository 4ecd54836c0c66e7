// .zkey files: Groth16 proving keys (spec 02 section 7.3). Coordinates are in Montgomery form, so
// the points of a mapped file are used where they lie.
#pragma once

#include "crypto/curve/curve.hpp"
#include "proof/binary_file.hpp"

#include <span>
#include <vector>

namespace codex::proof {

using crypto::Fq;
using crypto::Fr;
using crypto::G1;
using crypto::G2;

/// What a verifier needs (vkey.json, the contract's constructor argument).
struct VerifyingKey {
    G1 alpha1;
    G2 beta2;
    G2 gamma2;
    G2 delta2;
    std::vector<G1> ic; ///< public inputs + 1
    friend bool operator==(const VerifyingKey&, const VerifyingKey&) = default;
};

/// One row of section 4: the coefficient of a wire in A or B of a constraint.
struct CoefficientRow {
    std::uint32_t matrix; ///< 0: A, 1: B
    std::uint32_t constraint;
    std::uint32_t wire;
    std::uint8_t value[32]; ///< coefficient * 2^512 mod r: one Montgomery product with a
                            ///< standard-form witness word gives Montgomery form
};
static_assert(sizeof(CoefficientRow) == 44);

/// One contribution to the key (section 10).
struct Contribution {
    G1 delta_after;
    G1 g1_s;
    G1 g1_sx;
    G2 g2_spx;
    std::array<std::uint8_t, 64> transcript{};
    std::uint32_t type = 0; ///< 0: contribution, 1: beacon
    std::string name;
    std::uint32_t beacon_iterations_log2 = 0;
    Bytes beacon_hash;
};

class ProvingKey {
public:
    /// Checks header, counts and section sizes; points are checked by verify-setup, not here.
    /// Errors: malformed naming the section.
    [[nodiscard]] static Result<ProvingKey> read(BinaryFile file);

    std::uint32_t wires = 0;
    std::uint32_t public_count = 0;
    std::uint32_t domain_log2 = 0;
    G1 alpha1, beta1, delta1;
    G2 beta2, gamma2, delta2;
    std::span<const G1> ic;                       ///< section 3
    std::span<const CoefficientRow> coefficients; ///< section 4, without its count
    std::span<const G1> a, b1;                    ///< 5, 6: wires each
    std::span<const G2> b2;                       ///< 7
    std::span<const G1> c;                        ///< 8: wires - public_count - 1
    std::span<const G1> h;                        ///< 9: domain size

    [[nodiscard]] VerifyingKey verifying_key() const;
    [[nodiscard]] std::uint32_t domain_size() const { return std::uint32_t{1} << domain_log2; }
    /// Section 10. Errors: malformed.
    [[nodiscard]] Result<std::vector<Contribution>> contributions() const;
    /// Section 10's first 64 bytes.
    [[nodiscard]] Result<std::array<std::uint8_t, 64>> circuit_hash() const;
    [[nodiscard]] const BinaryFile& file() const { return file_; }

private:
    explicit ProvingKey(BinaryFile file) : file_(std::move(file)) {}
    BinaryFile file_;
};

} // namespace codex::proof
