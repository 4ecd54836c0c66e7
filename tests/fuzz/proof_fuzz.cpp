// A proof from the wire: decoding is bounded, what was decoded survives a round trip, and
// verification ends without harm and accepts only what leads to the root.
#include "merkle/coding.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace codex;
    const auto proof = merkle::decode_proof({data, size});
    if (!proof)
        return 0;
    const auto again = merkle::decode_proof(merkle::encode_proof(*proof));
    CODEX_ASSERT(again && *again == *proof);

    const Digest leaf{1};
    const auto zero_root = merkle::verify(merkle::sha256_tree(), *proof, leaf, Digest{});
    CODEX_ASSERT(!zero_root && zero_root.error().code() == Errc::proof_invalid);

    // The same path over a tree whose root it leads to.
    Digest node = leaf;
    std::uint64_t index = proof->index;
    std::uint64_t count = proof->leaf_count;
    std::uint8_t key = merkle::kKeyBottom;
    for (const Digest& sibling : proof->path) {
        const bool odd = index % 2 == 0 && index + 1 == count;
        const auto step = static_cast<std::uint8_t>(odd ? key | merkle::kKeyOdd : key);
        node = index % 2 != 0 ? merkle::sha256_tree().pair(sibling, node, step)
                              : merkle::sha256_tree().pair(node, sibling, step);
        key = merkle::kKeyInner;
        index /= 2;
        count = count / 2 + count % 2;
    }
    if (merkle::verify(merkle::sha256_tree(), *proof, leaf, node))
        CODEX_ASSERT(proof->index < proof->leaf_count && count == 1);
    return 0;
}
