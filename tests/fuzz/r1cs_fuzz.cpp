// A .r1cs from anywhere: reading is bounded; what was read can be evaluated.
#include "property.hpp"
#include "snark/r1cs.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace codex;
    const auto file = snark::BinaryFile::parse({data, data + size}, "r1cs", 1);
    if (!file)
        return 0;
    const auto system = snark::R1cs::read(*file);
    if (!system)
        return 0;
    for (std::size_t i = 0; i < system->constraint_count(); ++i)
        for (unsigned side = 0; side < 3; ++side)
            for (const snark::Term& term : system->terms(i, side))
                FUZZ_CHECK(term.wire < system->wires);
    if (system->wires < 100000) {
        const std::vector<snark::Fr> ones(system->wires, snark::Fr::one());
        const auto broken = snark::first_broken(*system, ones);
        FUZZ_CHECK(!broken || *broken < system->constraint_count());
    }
    return 0;
}
