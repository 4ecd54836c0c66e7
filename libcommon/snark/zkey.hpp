// .zkey files: Groth16 proving keys (codex-groth16(5), ZKEY FILES). Coordinates are in Montgomery
// form, so the points of a mapped file are used where they lie, at whatever alignment.
#pragma once

#include "crypto/curve/curve.hpp"
#include "snark/binary_file.hpp"
#include "snark/contribution.hpp"

#include <span>
#include <vector>

namespace codex::snark {

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
    std::uint32_t matrix = 0; ///< 0: A, 1: B
    std::uint32_t constraint = 0;
    std::uint32_t wire = 0;
    Fr value; ///< coefficient * 2^256: one more Montgomery factor, so that its product with the
              ///< bare limbs of a standard-form witness word is the product of the two
};
constexpr std::size_t kCoefficientRowBytes = 44;
constexpr std::size_t kG1Bytes = 64;
constexpr std::size_t kG2Bytes = 128;

/// A point as the file holds it; coordinates are taken as they are (reduced or not).
[[nodiscard]] G1 load_g1(const std::uint8_t* from);
[[nodiscard]] G2 load_g2(const std::uint8_t* from);

/// A key as its file holds it.
/// Threads: const calls from any thread, at once.
class ProvingKey {
public:
    /// Checks header, counts, section sizes, the rows' indices, and that the points of the header
    /// and of section 3 are in their groups; the other points are verify-setup's matter.
    /// Errors: malformed naming the section.
    [[nodiscard]] static Result<ProvingKey> read(BinaryFile file);

    std::uint32_t wires = 0;
    std::uint32_t public_count = 0;
    std::uint32_t domain_log2 = 0;
    G1 alpha1, beta1, delta1;
    G2 beta2, gamma2, delta2;
    std::vector<G1> ic;     ///< section 3
    BytesView coefficients; ///< section 4 without its count: rows of 44 bytes
    BytesView a, b1;        ///< 5, 6: wires G1 points each
    BytesView b2;           ///< 7: wires G2 points
    BytesView c;            ///< 8: wires - public_count - 1 G1 points
    BytesView h;            ///< 9: domain_size() G1 points

    [[nodiscard]] std::size_t coefficient_count() const {
        return coefficients.size() / kCoefficientRowBytes;
    }
    /// Row `index`. read() has checked wire and constraint, but a mapped file may have changed
    /// since.
    [[nodiscard]] CoefficientRow coefficient(std::size_t index) const;
    [[nodiscard]] VerifyingKey verifying_key() const;
    [[nodiscard]] std::uint32_t domain_size() const { return std::uint32_t{1} << domain_log2; }
    /// Section 10, without a check of what the contributions say. Errors: malformed.
    [[nodiscard]] Result<std::vector<Contribution>> contributions() const;
    /// Section 10's first 64 bytes. Errors: malformed.
    [[nodiscard]] Result<crypto::Blake2bDigest> circuit_hash() const;
    [[nodiscard]] const BinaryFile& file() const { return file_; }

private:
    explicit ProvingKey(BinaryFile file) : file_(std::move(file)) {}
    [[nodiscard]] Result<void> read_sections();
    [[nodiscard]] Result<void> read_header();
    [[nodiscard]] Result<void> read_verifying_points();
    [[nodiscard]] Result<void> read_coefficients();
    [[nodiscard]] Result<void> read_points();
    [[nodiscard]] Result<std::vector<Contribution>> read_contributions() const;
    [[nodiscard]] Result<crypto::Blake2bDigest> read_circuit_hash() const;

    BinaryFile file_;
};

} // namespace codex::snark
