// A .zkey from anywhere: what is accepted has sections that fit, and rows inside the system; and
// whatever its points are, on the curve or not, checking its ceremony and proving with it come to
// an end.
#include "property.hpp"
#include "snark/ceremony.hpp"
#include "snark/groth16.hpp"

namespace {

using namespace codex;

void prove_with(const snark::ProvingKey& key) {
    std::vector<Digest> witness(key.wires);
    for (std::size_t i = 0; i < witness.size(); ++i)
        witness[i] = crypto::Fr::from_u64(1 + i * i).to_bytes();
    const snark::ProofRandomness fixed = {crypto::Fr::from_u64(5), crypto::Fr::from_u64(7)};
    const auto proof = snark::prove(key, witness, {}, fixed);
    FUZZ_CHECK(proof);
    const std::vector<crypto::Fr> inputs(key.public_count, crypto::Fr::one());
    (void)snark::verify(key.verifying_key(), {inputs, *proof}).has_value();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto file = snark::BinaryFile::parse({data, data + size}, "zkey", 1);
    if (!file)
        return 0;
    const auto key = snark::ProvingKey::read(std::move(*file));
    if (!key)
        return 0;
    FUZZ_CHECK(key->a.size() == std::size_t{64} * key->wires);
    FUZZ_CHECK(key->h.size() == std::size_t{64} * key->domain_size());
    FUZZ_CHECK(key->ic.size() == std::size_t{1} + key->public_count);
    for (std::size_t i = 0; i < key->coefficient_count(); ++i) {
        const snark::CoefficientRow row = key->coefficient(i);
        FUZZ_CHECK(row.wire < key->wires && row.constraint < key->domain_size());
    }
    (void)snark::check_contributions(*key, 10);
    if (key->wires <= 64 && key->domain_log2 <= 6)
        prove_with(*key);
    return 0;
}
