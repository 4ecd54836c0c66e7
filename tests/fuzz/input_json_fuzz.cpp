// A proof input that is accepted fits its circuit and survives writing; the witness generator takes
// whatever is accepted.
#include "proof/circuit.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::proof;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr CircuitParameters kSmall = {6, 3, 2, 2, 1};
    const auto input = read_input_json(kSmall, {reinterpret_cast<const char*>(data), size});
    if (!input) {
        const Errc code = input.error().code();
        FUZZ_CHECK(code == Errc::json_invalid || code == Errc::malformed);
        return 0;
    }
    FUZZ_CHECK(input->cell_data.size() == kSmall.samples);
    FUZZ_CHECK(input->merkle_paths.size() == kSmall.samples);
    FUZZ_CHECK(input->slot_proof.size() <= kSmall.max_log2_slots);
    const std::string text = write_input_json(kSmall, *input);
    const auto again = read_input_json(kSmall, text);
    FUZZ_CHECK(again && write_input_json(kSmall, *again) == text);
    const auto witness = compute_witness(kSmall, *input);
    FUZZ_CHECK(!witness || witness->size() == wire_count(kSmall));
    return 0;
}
