// Proofs, public inputs and verification keys as JSON from anywhere: what is accepted survives a
// round trip.
#include "property.hpp"
#include "snark/groth16.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace codex;
    const std::string_view text = as_text({data, size});
    if (const auto proof = snark::proof_from_json(text)) {
        const auto again = snark::proof_from_json(snark::proof_to_json(*proof));
        FUZZ_CHECK(again && *again == *proof);
    }
    if (const auto inputs = snark::inputs_from_json(text)) {
        const auto again = snark::inputs_from_json(snark::inputs_to_json(*inputs));
        FUZZ_CHECK(again && *again == *inputs);
    }
    if (const auto key = snark::verifying_key_from_json(text)) {
        const auto again = snark::verifying_key_from_json(snark::verifying_key_to_json(*key));
        FUZZ_CHECK(again && *again == *key);
    }
    return 0;
}
