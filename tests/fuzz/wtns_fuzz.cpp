// A .wtns from anywhere: its words are all below the modulus and the first one is 1.
#include "property.hpp"
#include "snark/witness_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace codex;
    const auto file = snark::BinaryFile::parse({data, data + size}, "wtns", 2);
    if (!file)
        return 0;
    const auto words = snark::witness_words(*file);
    if (!words)
        return 0;
    FUZZ_CHECK(!words->empty());
    for (const Digest& word : *words)
        FUZZ_CHECK(crypto::Fr::from_bytes(word).has_value());
    return 0;
}
