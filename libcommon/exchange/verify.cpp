#include "exchange/verify.hpp"

#include "base/checked.hpp"
#include "base/hex.hpp"
#include "crypto/hash/sha256.hpp"
#include "merkle/coding.hpp"

#include <algorithm>
#include <bit>

namespace codex::exchange {
namespace {

constexpr Digest kZero{};

Result<void> check_shape(const merkle::Proof& proof, std::uint64_t index,
                         std::uint64_t leaf_count) {
    if (proof.hash != codec::HashCodec::sha2_256)
        return fail(Errc::exchange_invalid, "the proof is over hash codec {:#x}, not sha2-256",
                    static_cast<std::uint64_t>(proof.hash));
    if (proof.index != index)
        return fail(Errc::exchange_invalid, "the proof is that of block {}", proof.index);
    if (proof.leaf_count != leaf_count)
        return fail(Errc::exchange_invalid, "the proof is of a tree of {} blocks, not of {}",
                    proof.leaf_count, leaf_count);
    if (index >= leaf_count)
        return fail(Errc::exchange_invalid, "the tree has no more than {} blocks", leaf_count);
    const std::size_t depth = merkle::layer_sizes(leaf_count).size() - 1;
    if (proof.path.size() != depth)
        return fail(Errc::exchange_invalid, "the proof has {} nodes instead of {}",
                    proof.path.size(), depth);
    return {};
}

} // namespace

std::vector<Result<merkle::Proof>> LeafVerifier::verify(std::span<const ArrivedLeaf> batch) {
    std::vector<BytesView> messages;
    messages.reserve(batch.size());
    for (const ArrivedLeaf& leaf : batch)
        messages.push_back(leaf.data.size() <= block_bytes_ ? leaf.data : BytesView{});
    std::vector<Digest> digests(batch.size());
    crypto::sha256_many(messages, digests);
    std::vector<Result<merkle::Proof>> verdicts;
    verdicts.reserve(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i)
        verdicts.push_back(verify_one(batch[i], digests[i]));
    return verdicts;
}

Result<merkle::Proof> LeafVerifier::verify_one(const ArrivedLeaf& leaf, const Digest& digest) {
    if (leaf.data.size() > block_bytes_)
        return fail(Errc::exchange_invalid, "{} bytes came for a block of {} at the most",
                    leaf.data.size(), block_bytes_);
    if (leaf.cid != Cid::block(digest))
        return fail(Errc::exchange_invalid, "the data is not that of the CID that came with it, {}",
                    leaf.cid.text());
    if (leaf.proof.empty())
        return fail(Errc::exchange_invalid, "no proof came with it");
    auto proof = merkle::decode_proof(leaf.proof);
    if (!proof)
        return fail(Errc::exchange_invalid, "the proof is none: {}", proof.error().text());
    CODEX_CHECK(check_shape(*proof, leaf.index, leaf_count_));
    CODEX_CHECK(climb(*proof, digest));
    return std::move(*proof);
}

/// From the leaf to the root, or to a node that is known to be true, from where on the path is to
/// be the same.
Result<void> LeafVerifier::climb(const merkle::Proof& proof, const Digest& digest) {
    const merkle::TreeHash& hash = merkle::sha256_tree();
    std::vector<Digest> nodes;
    nodes.reserve(proof.path.size());
    Digest node = digest;
    std::uint64_t index = proof.index;
    std::uint64_t known_index = known_.index;
    std::uint64_t count = proof.leaf_count;
    for (std::size_t layer = 0; layer < proof.path.size(); ++layer) {
        const Digest& sibling = proof.path[layer];
        const auto key = layer == 0 ? merkle::kKeyBottom : merkle::kKeyInner;
        if (index % 2 != 0) {
            node = hash.pair(sibling, node, key);
        } else if (index == count - 1) {
            if (sibling != kZero)
                return fail(Errc::exchange_invalid,
                            "node {} of a layer of {} has no sibling, but the proof has one", index,
                            count);
            node = hash.pair(node, kZero, key | merkle::kKeyOdd);
        } else {
            node = hash.pair(node, sibling, key);
        }
        index /= 2;
        known_index /= 2;
        count = div_up(count, 2);
        nodes.push_back(node);
        const auto rest = static_cast<std::ptrdiff_t>(layer + 1);
        if (!nodes_.empty() && index == known_index && node == nodes_[layer] &&
            std::equal(proof.path.begin() + rest, proof.path.end(), known_.path.begin() + rest)) {
            nodes.insert(nodes.end(), nodes_.begin() + rest, nodes_.end());
            break;
        }
    }
    if (nodes.back() != root_)
        return fail(Errc::exchange_invalid, "the proof leads to root {}, not to {}",
                    to_hex(nodes.back()), to_hex(root_));
    known_ = proof;
    nodes_ = std::move(nodes);
    return {};
}

Result<void> verify_block(const Cid& wanted, const Cid& delivered, BytesView data) {
    if (wanted.hash() != codec::HashCodec::sha2_256 || wanted.digest().size() != sizeof(Digest))
        return fail(Errc::unsupported, "block {} has another hash than sha2-256", wanted.text());
    if (delivered != wanted)
        return fail(Errc::exchange_invalid, "another block came, {}", delivered.text());
    if (crypto::sha256(data) != wanted.digest32())
        return fail(Errc::exchange_invalid, "the data is not that of the CID");
    return {};
}

} // namespace codex::exchange
