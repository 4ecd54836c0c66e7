// Contributions as files hold them and as transcripts hash them.
#pragma once

#include "snark/contribution.hpp"
#include "snark/detail/bounded_reader.hpp"

#include <span>

namespace codex::snark::detail {

/// The type and the parameters (name, iterations, beacon: ascending, each at most once) with which
/// a contribution ends. Errors: malformed.
[[nodiscard]] Result<ContributionLabel> read_label(BoundedReader& in);
/// One contribution of section 10. Errors: malformed.
[[nodiscard]] Result<Contribution> read_contribution(BoundedReader& in);
/// Section 10: the circuit's hash, the count, and the contributions.
[[nodiscard]] Bytes contributions_section(const crypto::Blake2bDigest& circuit_hash,
                                          std::span<const Contribution> contributions);

/// A point as iden3's hashes take it: standard form, big-endian, the imaginary part first; infinity
/// is all zero.
void append_uncompressed(Bytes& to, const crypto::G1& point);
void append_uncompressed(Bytes& to, const crypto::G2& point);
/// The five parts of a contribution that transcripts are made of.
[[nodiscard]] Bytes public_part(const Contribution& contribution);

} // namespace codex::snark::detail
