// What making a contribution and checking one have in common.
#pragma once

#include "base/job.hpp"
#include "crypto/curve/seed_stream.hpp"
#include "snark/contribution.hpp"

namespace codex::snark::detail {

/// The hash that ties each contribution to the circuit and to all before it.
class Transcript {
public:
    explicit Transcript(const crypto::Blake2bDigest& circuit_hash);
    /// A contribution that is part of the key.
    void add(const Contribution& contribution);
    /// What a contribution that follows has as its transcript.
    [[nodiscard]] crypto::Blake2bDigest next(const crypto::G1& g1_s, const crypto::G1& g1_sx) const;

private:
    crypto::Blake2b hash_;
};

/// The point of G2 that a transcript hashes to.
[[nodiscard]] crypto::G2 transcript_point(const crypto::Blake2bDigest& transcript);

/// A contribution of `secret`, which turned delta into `delta_after`; `g1_s` is random. Constant
/// time in the secret.
[[nodiscard]] Contribution make_contribution(const Transcript& transcript,
                                             const crypto::G1& delta_after,
                                             const crypto::Fr& secret, const crypto::G1& g1_s,
                                             ContributionLabel label);

/// SHA-256 of the beacon, 2^iterations_log2 times over: the seed of a beacon's contribution.
/// The job counts the times. Errors: cancelled.
[[nodiscard]] Result<Digest> beacon_seed(BytesView beacon, std::uint32_t iterations_log2,
                                         const Job& job);

} // namespace codex::snark::detail
