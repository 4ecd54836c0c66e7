// Rank-1 constraint systems and .r1cs files (codex-groth16(5), R1CS FILES).
#pragma once

#include "crypto/field/field.hpp"
#include "snark/binary_file.hpp"

#include <optional>
#include <span>
#include <vector>

namespace codex::snark {

using crypto::Fr;

struct Term {
    std::uint32_t wire = 0;
    Fr coefficient;
    friend bool operator==(const Term&, const Term&) = default;
};

/// Sorts terms by wire, merges those of one wire, and drops zero coefficients.
void normalise(std::vector<Term>& terms);

/// Constraints <A,w> * <B,w> = <C,w>; the terms of all constraints lie one after another.
/// Threads: const calls from any thread, at once.
class R1cs {
public:
    std::uint32_t wires = 0; ///< wire 0 is the constant 1
    std::uint32_t public_outputs = 0;
    std::uint32_t public_inputs = 0;
    std::uint32_t private_inputs = 0;
    std::uint64_t labels = 0;
    std::vector<std::uint64_t> wire_labels; ///< section 3: wires of them

    [[nodiscard]] std::uint32_t public_count() const { return public_outputs + public_inputs; }
    [[nodiscard]] std::size_t constraint_count() const { return ends_.size() / 3; }
    /// `side` 0: A, 1: B, 2: C.
    [[nodiscard]] std::span<const Term> terms(std::size_t constraint, unsigned side) const;
    /// Adds a constraint; terms are sorted by wire, merged, and zero coefficients dropped.
    void add(std::vector<Term> a, std::vector<Term> b, std::vector<Term> c);
    void reserve(std::size_t constraints, std::size_t terms);

    /// Terms stay as the file has them, in order, even those that add() would merge or drop: keys
    /// are made from them one by one. Errors: malformed with the offset (foreign prime, a wire out
    /// of range, coefficients not reduced, counts beyond the section), limit_exceeded.
    [[nodiscard]] static Result<R1cs> read(const BinaryFile& file);
    /// Sections 1, 2, 3.
    [[nodiscard]] Result<void> write(int fd, const std::string& name) const;

private:
    [[nodiscard]] static Result<R1cs> read_sections(const BinaryFile& file);
    void add_side(std::span<const Term> terms);

    std::vector<Term> terms_;
    std::vector<std::uint64_t> ends_; ///< three a constraint: ends of A, B, C in terms_
};

/// The index of the first constraint that `witness` (wires of it) breaks, or nothing.
[[nodiscard]] std::optional<std::size_t> first_broken(const R1cs& system,
                                                      std::span<const Fr> witness);

} // namespace codex::snark
