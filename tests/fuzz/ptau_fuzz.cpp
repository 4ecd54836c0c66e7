// A .ptau from anywhere: what is accepted has sections that fit its power, and whatever its points
// are, checking them comes to an end.
#include "property.hpp"
#include "snark/ptau.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace codex;
    auto file = snark::BinaryFile::parse({data, data + size}, "ptau", 1);
    if (!file)
        return 0;
    const auto powers = snark::PowersOfTau::read(std::move(*file));
    if (!powers)
        return 0;
    const std::size_t count = std::size_t{1} << powers->power;
    FUZZ_CHECK(powers->tau_g1.size() == (2 * count - 1) * snark::kG1Bytes);
    FUZZ_CHECK(powers->tau_g2.size() == count * snark::kG2Bytes);
    (void)powers->contributions();
    for (std::uint32_t log2 = 1; log2 <= powers->power; ++log2)
        (void)powers->check(log2);
    return 0;
}
