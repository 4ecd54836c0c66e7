// The second phase of a ceremony (codex-groth16(5), CEREMONIES; Bowe, Gabizon and Miers, "Scalable
// multi-party computation for zk-SNARK parameters in the random beacon model", 2017), in the files
// and with the hashes of iden3's tools, so that both can take turns: each contributor multiplies
// delta by a secret and throws it away, and proofs can be forged only if all of them kept theirs.
#pragma once

#include "base/job.hpp"
#include "base/random.hpp"
#include "snark/zkey.hpp"

#include <string>
#include <vector>

namespace codex::snark {

/// Writes `key` with one more contribution to `fd` (which can seek). The secret comes from 64 bytes
/// of `random`, hashed together with `extra`, which may be empty; it is wiped. The
/// points that it multiplies are first checked to be on the curve, lest a forged key draw it out.
/// The job counts bytes of the file. Errors: argument_invalid for the name
/// (check_contribution_name()); malformed; io; cancelled.
[[nodiscard]] Result<Contribution> contribute(const ProvingKey& key, int fd,
                                              const std::string& file_name, std::string name,
                                              BytesView extra, const Job& job,
                                              SecretRandom& random = Random::system());

/// Public randomness that nobody could foresee when the last contribution was made.
struct Beacon {
    Bytes value;                       ///< 1 to 255 bytes
    std::uint32_t iterations_log2 = 0; ///< 10 to 63: SHA-256, this often over
};
/// The same with the secret that the beacon gives, byte for byte what `snarkjs zkey beacon` writes.
/// The job counts hashes, then bytes. Errors: argument_invalid for the name and the beacon;
/// malformed; io; cancelled.
[[nodiscard]] Result<Contribution> apply_beacon(const ProvingKey& key, int fd,
                                                const std::string& file_name, std::string name,
                                                const Beacon& beacon, const Job& job);

/// The contributions of a key, after checking that each follows from those before it and knew its
/// secret, that beacons are what they say, and that delta in the header is the last one's. Errors:
/// malformed; key_invalid naming the contribution; limit_exceeded for a beacon of more than
/// 2^max_beacon_log2 iterations; cancelled.
[[nodiscard]] Result<std::vector<Contribution>>
check_contributions(const ProvingKey& key, std::uint32_t max_beacon_log2, const Job& job = {});

} // namespace codex::snark
