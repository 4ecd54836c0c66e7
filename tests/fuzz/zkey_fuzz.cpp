// A .zkey from anywhere: what is accepted has sections that fit, and rows inside the system.
#include "proof/zkey.hpp"
#include "property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace codex;
    auto file = proof::BinaryFile::parse({data, data + size}, "zkey", 1);
    if (!file)
        return 0;
    const auto key = proof::ProvingKey::read(std::move(*file));
    if (!key)
        return 0;
    FUZZ_CHECK(key->a.size() == std::size_t{64} * key->wires);
    FUZZ_CHECK(key->h.size() == std::size_t{64} * key->domain_size());
    FUZZ_CHECK(key->ic.size() == std::size_t{1} + key->public_count);
    for (std::size_t i = 0; i < key->coefficient_count(); ++i) {
        const proof::CoefficientRow row = key->coefficient(i);
        FUZZ_CHECK(row.wire < key->wires && row.constraint < key->domain_size());
    }
    (void)key->contributions();
    (void)key->circuit_hash();
    return 0;
}
