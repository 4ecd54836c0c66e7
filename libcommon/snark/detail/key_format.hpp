// Parts of a .zkey file that setup, contributions and verification write or compare.
#pragma once

#include "snark/r1cs.hpp"
#include "snark/zkey.hpp"

#include <functional>
#include <span>

namespace codex::snark::detail {

/// What takes bytes, or points, as they come.
using ByteSink = std::function<Result<void>(BytesView)>;
using G1Sink = std::function<Result<void>(std::span<const G1>)>;
using G2Sink = std::function<Result<void>(std::span<const G2>)>;

/// Points as a file holds them, without a copy.
template <class Point> [[nodiscard]] BytesView stored(std::span<const Point> points) {
    return {reinterpret_cast<const std::uint8_t*>(points.data()), points.size_bytes()};
}

/// Section 2. gamma is 1 in snarkjs's keys, and delta in those without contributions.
struct KeyHeader {
    std::uint32_t wires = 0;
    std::uint32_t public_count = 0;
    std::uint32_t domain_log2 = 0;
    G1 alpha1;
    G1 beta1;
    G2 beta2;
    G2 gamma2 = crypto::g2_generator();
    G1 delta1 = crypto::g1_generator();
    G2 delta2 = crypto::g2_generator();
};
/// Sections 1 and 2. Errors: io.
[[nodiscard]] Result<void> write_header(BinaryWriter& out, const KeyHeader& header);
/// A section from its bytes, a piece at a time. Errors: io.
[[nodiscard]] Result<void> write_section(BinaryWriter& out, std::uint32_t type, BytesView bytes);

/// Section 4 in pieces: the count, then rows (matrix, constraint, wire, coefficient * 2^512) of A
/// and B, those that bind public wires last. Errors: limit_exceeded; the sink's.
[[nodiscard]] Result<void> coefficient_section(const R1cs& system, const ByteSink& sink);

/// The circuit's hash (codex-groth16(5), CIRCUIT HASH): BLAKE2b over the points of a key without
/// contributions, each list behind its count (big-endian), as snarkjs feeds them: header, IC, tau
/// differences, C, A, B1, B2.
class CircuitHash {
public:
    explicit CircuitHash(const KeyHeader& header);
    void count(std::uint32_t points);
    void add(std::span<const G1> points);
    void add(std::span<const G2> points);
    [[nodiscard]] crypto::Blake2bDigest digest() const { return hash_.digest(); }

private:
    crypto::Blake2b hash_;
};

/// How many of [tau^(n + i) - tau^i]_1, i from 0, enter the hash of a key with this domain: all
/// n - 1 that there are, which is also what is said in front of them; but n, in chunks of 2^14,
/// when n is larger than one chunk.
[[nodiscard]] std::size_t hashed_differences(std::uint32_t domain_log2);

} // namespace codex::snark::detail
