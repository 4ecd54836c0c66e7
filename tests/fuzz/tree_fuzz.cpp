// A tree from the wire, and the same bytes as leaves: what is accepted is a whole tree, a stream's
// root is the batch's, and every proof made is one that verifies.
#include "merkle/coding.hpp"

#include <algorithm>
#include <cstdint>

namespace {

using namespace codex;

void check_proofs(const merkle::Tree& tree) {
    const std::uint64_t step = tree.leaf_count() / 8 + 1;
    for (std::uint64_t index = 0; index < tree.leaf_count(); index += step) {
        const auto proof = tree.proof(index);
        CODEX_ASSERT(proof);
        CODEX_ASSERT(merkle::verify(tree.hash(), *proof, tree.leaves()[index], tree.root()));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (const auto tree = merkle::decode_tree({data, size})) {
        const auto again = merkle::decode_tree(merkle::encode_tree(*tree));
        CODEX_ASSERT(again && std::ranges::equal(again->nodes(), tree->nodes()));
        check_proofs(*tree);
    }

    // The first byte cuts the stream into pieces, the others are leaves.
    if (size < 1 + sizeof(Digest))
        return 0;
    std::vector<Digest> leaves((size - 1) / sizeof(Digest));
    std::memcpy(leaves.data(), data + 1, leaves.size() * sizeof(Digest));
    const auto tree = merkle::Tree::build(leaves);
    CODEX_ASSERT(tree);
    check_proofs(*tree);
    merkle::StreamingRoot stream;
    std::span<const Digest> rest = leaves;
    while (!rest.empty()) {
        const std::size_t piece = std::min<std::size_t>(data[0] % 37 + 1U, rest.size());
        stream.add(rest.first(piece));
        rest = rest.subspan(piece);
    }
    const auto root = stream.finish();
    CODEX_ASSERT(root && *root == tree->root());
    return 0;
}
