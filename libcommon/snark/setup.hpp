// Keys: from secrets, for tests; from a phase-1 ceremony, for use; and whether one is what it says
// (codex-groth16(5), KEYS). ceremony.hpp has the contributions in between.
#pragma once

#include "base/job.hpp"
#include "base/random.hpp"
#include "snark/ptau.hpp"
#include "snark/r1cs.hpp"
#include "snark/zkey.hpp"

#include <optional>
#include <string>

namespace codex::snark {

/// log2 of the domain: that of the constraints and one row for each public wire and wire 0.
/// Errors: limit_exceeded above 2^27.
[[nodiscard]] Result<std::uint32_t> domain_log2_of(const R1cs& system);

/// What nobody may know of a key in use. gamma is 1, as in snarkjs's keys.
struct SetupSecrets {
    Fr tau, alpha, beta, delta;
};

/// A key for `system`, written to `fd` (which can seek) in snarkjs's layout. The secrets are drawn
/// from `random`, used and wiped, or fixed by a test. delta is recorded as a contribution, unless
/// it is 1, so that the key passes every check that one from a ceremony over these secrets passes.
/// For tests only: whoever ran it could have kept them. Errors: limit_exceeded (domain above 2^27),
/// io, cancelled.
[[nodiscard]] Result<void> test_setup(const R1cs& system, int fd, const std::string& name,
                                      const Job& job, const std::optional<SetupSecrets>& fixed = {},
                                      SecretRandom& random = Random::system());

/// A key for `system` from powers of tau, byte for byte what `snarkjs groth16 setup` writes,
/// without a contribution: delta is 1, so everybody can forge proofs until one is made. The powers
/// are checked first, and brought into Lagrange form where their file is not prepared, which takes
/// minutes for the deployed circuit. The job counts bytes of points. Errors: those of
/// PowersOfTau::check(); cancelled; limit_exceeded with a hint when the powers are too few; io.
[[nodiscard]] Result<void> setup_from_powers(const R1cs& system, const PowersOfTau& powers, int fd,
                                             const std::string& name, const Job& job);

/// The contributions of `key`, when it is the key that setup_from_powers() makes with these and
/// nothing else: header, contributions (check_contributions()), every section, and the circuit's
/// hash. The job counts bytes of points. Errors: key_invalid naming the section or the
/// contribution; those of check_contributions() and setup_from_powers().
[[nodiscard]] Result<std::vector<Contribution>>
verify_setup(const ProvingKey& key, const R1cs& system, const PowersOfTau& powers,
             std::uint32_t max_beacon_log2, const Job& job);

} // namespace codex::snark
