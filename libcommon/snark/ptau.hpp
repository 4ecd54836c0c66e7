// .ptau files: powers of tau, what the first phase of a ceremony leaves (codex-groth16(5),
// PTAU FILES).
// Coordinates are in Montgomery form; points are used where the mapped file has them.
#pragma once

#include "base/job.hpp"
#include "snark/zkey.hpp"

#include <vector>

namespace codex::snark {

/// One contribution to the first phase, as far as it can be shown without its 900 bytes of points.
struct PowersContribution {
    crypto::Blake2bDigest next_challenge{}; ///< BLAKE2b of everything up to and with it
    ContributionLabel label{};
};

/// A file of powers, read and checked as far as its sections go.
/// Threads: const calls from any thread, at once.
class PowersOfTau {
public:
    /// The largest power that a file may claim: the field has no larger domain.
    static constexpr std::uint32_t kMaxPower = 28;

    /// Checks header and section sizes; reads no points but beta2. Errors: malformed naming the
    /// section.
    [[nodiscard]] static Result<PowersOfTau> read(BinaryFile file);

    std::uint32_t power = 0;          ///< of the largest domain
    std::uint32_t ceremony_power = 0; ///< of the file that this one was cut from
    BytesView tau_g1;                 ///< section 2: [tau^i]_1, 2^(power + 1) - 1 of them
    BytesView tau_g2;                 ///< 3: [tau^i]_2, 2^power
    BytesView alpha_g1;               ///< 4: [alpha tau^i]_1, 2^power
    BytesView beta_g1;                ///< 5: [beta tau^i]_1, 2^power
    G2 beta2;                         ///< 6

    /// The bases whose Lagrange forms a prepared file has in sections 12 to 15.
    enum class Basis { tau_g1 = 12, tau_g2 = 13, alpha_g1 = 14, beta_g1 = 15 };
    /// It has them all: `snarkjs powersoftau prepare phase2` was run.
    [[nodiscard]] bool prepared() const;
    /// [factor * l_i(tau)] for the domain of 2^log2, i ascending. log2 is at most power, for tau_g1
    /// power + 1; there the power that the file has not is taken for nothing. Errors: malformed
    /// when the file is not prepared or its section is too short.
    [[nodiscard]] Result<BytesView> lagrange(Basis basis, std::uint32_t log2) const;
    /// Section 7. Errors: malformed.
    [[nodiscard]] Result<std::vector<PowersContribution>> contributions() const;

    /// That the points which a key for a domain of 2^log2 comes from are in their groups, are
    /// powers of one tau, multiplied by one alpha and one beta, and that the Lagrange forms, if the
    /// file is prepared, are theirs: random linear combinations, which a wrong file passes with
    /// probability below 2^-100. Says nothing of the contributions, that is, of who knows tau.
    /// Errors: malformed naming the section; cancelled.
    [[nodiscard]] Result<void> check(std::uint32_t log2, const Job& job = {}) const;

    [[nodiscard]] const BinaryFile& file() const { return file_; }

private:
    explicit PowersOfTau(BinaryFile file) : file_(std::move(file)) {}
    [[nodiscard]] Result<void> read_sections();
    [[nodiscard]] Result<std::vector<PowersContribution>> read_contributions() const;
    BinaryFile file_;
};

} // namespace codex::snark
