// What somebody added to a ceremony: iden3's records, in keys (phase 2) and in phase-1 files
// (codex-groth16(5), CEREMONIES).
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "crypto/curve/curve.hpp"
#include "crypto/hash/blake2b.hpp"

#include <string>

namespace codex::snark {

/// What a contribution says about itself.
struct ContributionLabel {
    std::uint32_t type = 0; ///< 0: made with a secret, 1: by a beacon
    std::string name;       ///< as it came: any bytes
    std::uint8_t beacon_iterations_log2 = 0;
    Bytes beacon;
    friend bool operator==(const ContributionLabel&, const ContributionLabel&) = default;
};

/// One contribution to a key (section 10 of a .zkey).
struct Contribution {
    crypto::G1 delta_after; ///< delta after it
    crypto::G1 g1_s;        ///< a random point,
    crypto::G1 g1_sx;       ///< the secret times that,
    crypto::G2 g2_spx;      ///< and the secret times the point that the transcript hashes to
    crypto::Blake2bDigest transcript{};
    ContributionLabel label{};
};

/// What participants publish and compare: BLAKE2b of the points and the transcript.
[[nodiscard]] crypto::Blake2bDigest contribution_hash(const Contribution& contribution);

/// A name that snarkjs would keep: UTF-8, at most 64 UTF-16 units. Errors: argument_invalid.
[[nodiscard]] Result<void> check_contribution_name(std::string_view name);

} // namespace codex::snark
