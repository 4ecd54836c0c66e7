// The verifier of the network's contract: Groth16 over BN254 (codex-market(7), PROOFS).
#pragma once

#include "market/contract/contracts.hpp"
#include "snark/groth16.hpp"

namespace codex::market {

/// Threads: const calls from any thread, at once.
class Groth16Verifier final : public Verifier {
public:
    explicit Groth16Verifier(snark::VerifyingKey key) : key_(std::move(key)) {}

    /// Refused, too, when an input is not below the group's order, a coordinate is not reduced, or
    /// a point is none of its group. The y of a above the field's modulus overflows.
    [[nodiscard]] Verdict verify(const Proof& proof,
                                 const std::array<ethereum::UInt256, 3>& inputs) const override;

private:
    snark::VerifyingKey key_;
};

/// A proof as the contract is given it.
[[nodiscard]] Proof contract_proof(const snark::Groth16Proof& proof);
/// The same as an argument of a call.
[[nodiscard]] ethereum::abi::Value proof_value(const snark::Groth16Proof& proof);

} // namespace codex::market
