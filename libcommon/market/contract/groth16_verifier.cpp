#include "market/contract/groth16_verifier.hpp"

#include <algorithm>

namespace codex::market {

using crypto::Fq;
using crypto::Fq2;
using crypto::Fr;
using ethereum::UInt256;
using ethereum::abi::Value;

namespace {

template <class F> std::optional<F> element(const UInt256& number) {
    auto bytes = number.bytes();
    std::ranges::reverse(bytes);
    return F::from_bytes(bytes);
}

const UInt256& field_modulus() {
    static const UInt256 modulus = [] {
        // What is one less than nothing, and one.
        auto bytes = (Fq::zero() - Fq::one()).to_bytes();
        std::ranges::reverse(bytes);
        return wrapping_add(UInt256::from_bytes(bytes), 1);
    }();
    return modulus;
}

/// (0, 0) is infinity. Nothing, when a coordinate is not reduced, or it is off the curve.
std::optional<snark::G1> g1_of(const UInt256& x, const UInt256& y) {
    const auto fx = element<Fq>(x);
    const auto fy = element<Fq>(y);
    if (!fx || !fy)
        return std::nullopt;
    const snark::G1 point{*fx, *fy};
    return point.is_on_curve() ? std::optional(point) : std::nullopt;
}

std::optional<snark::G2> g2_of(std::span<const UInt256, 4> words) {
    const auto x0 = element<Fq>(words[0]);
    const auto x1 = element<Fq>(words[1]);
    const auto y0 = element<Fq>(words[2]);
    const auto y1 = element<Fq>(words[3]);
    if (!x0 || !x1 || !y0 || !y1)
        return std::nullopt;
    const snark::G2 point{Fq2{*x0, *x1}, Fq2{*y0, *y1}};
    return point.is_on_curve() ? std::optional(point) : std::nullopt;
}

} // namespace

Verdict Groth16Verifier::verify(const Proof& proof, const std::array<UInt256, 3>& inputs) const {
    snark::Statement statement;
    for (const UInt256& input : inputs) {
        const auto reduced = element<Fr>(input);
        if (!reduced)
            return Verdict::refused;
        statement.inputs.push_back(*reduced);
    }
    // It is taken from the modulus there, and the difference is reduced.
    const auto& words = proof.words;
    if (words[1] > field_modulus())
        return Verdict::overflow;
    const auto a = g1_of(words[0], words[1] == field_modulus() ? UInt256() : words[1]);
    const auto b = g2_of(std::span(words).subspan<2, 4>());
    const auto c = g1_of(words[6], words[7]);
    if (!a || !b || !c)
        return Verdict::refused;
    statement.proof = {*a, *b, *c};
    return snark::verify(key_, statement) ? Verdict::accepted : Verdict::refused;
}

Proof contract_proof(const snark::Groth16Proof& proof) {
    const Bytes bytes = proof_to_contract_words(proof);
    Proof made;
    for (std::size_t i = 0; i < made.words.size(); ++i)
        made.words[i] =
            UInt256::from_bytes(BytesView(bytes).subspan(UInt256::kBytes * i, UInt256::kBytes));
    return made;
}

Value proof_value(const snark::Groth16Proof& proof) {
    return contract_proof(proof).value();
}

} // namespace codex::market
