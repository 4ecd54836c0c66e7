#include "merkle/poseidon2_tree.hpp"

#include "crypto/poseidon2/poseidon2.hpp"

namespace codex::merkle {

namespace {

class Poseidon2Tree final : public TreeHash {
public:
    void pairs(std::span<const Digest> nodes, std::uint8_t key,
               std::span<Digest> parents) const override {
        crypto::poseidon2::pairs(nodes, key, parents);
    }
    [[nodiscard]] codec::HashCodec codec() const override { return codec::HashCodec::identity; }
};

} // namespace

const TreeHash& poseidon2_tree() {
    static const Poseidon2Tree tree;
    return tree;
}

} // namespace codex::merkle
