// A dataset that a peer has: its blocks, their proofs, and its manifest.
#pragma once

#include "repo/fixture.hpp"
#include "repo/partial.hpp"

#include "repo/small_limits.hpp"
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>

namespace codex::repo::test {

class Peer {
public:
    /// Blocks are random_bytes(seed, kBlock); seed 0 is the empty block.
    explicit Peer(const std::vector<std::uint64_t>& seeds, const std::string& name = "")
        : tree_(make(seeds)) {
        manifest = manifest_for(tree_cid(), seeds.size(), kBlock, name);
        cid = Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(manifest));
        for (std::uint64_t i = 0; i < seeds.size(); ++i)
            proofs_.push_back(must(tree_.proof(i)));
    }

    [[nodiscard]] std::uint64_t size() const { return data_.size(); }
    [[nodiscard]] VerifiedLeaf leaf(std::uint64_t index) const {
        return {block(index), data_[index], &proofs_[index]};
    }
    [[nodiscard]] std::vector<VerifiedLeaf> leaves(std::uint64_t first, std::uint64_t count) const {
        std::vector<VerifiedLeaf> out;
        for (std::uint64_t i = first; i < first + count; ++i)
            out.push_back(leaf(i));
        return out;
    }
    [[nodiscard]] const merkle::Proof& proof(std::uint64_t index) const { return proofs_[index]; }
    [[nodiscard]] Cid block(std::uint64_t index) const { return Cid::block(tree_.leaves()[index]); }
    [[nodiscard]] Cid tree_cid() const {
        return Cid::sha256(codec::Multicodec::codex_root, tree_.root());
    }
    [[nodiscard]] const merkle::Tree& tree() const { return tree_; }

    /// All indices in an order of `seed`.
    [[nodiscard]] std::vector<std::uint64_t> order(std::uint64_t seed) const {
        std::vector<std::uint64_t> out(data_.size());
        for (std::uint64_t i = 0; i < out.size(); ++i)
            out[i] = i;
        std::mt19937_64 rng(seed);
        std::shuffle(out.begin(), out.end(), rng);
        return out;
    }

    Bytes manifest;
    Cid cid;

private:
    merkle::Tree make(const std::vector<std::uint64_t>& seeds) {
        std::vector<Digest> leaves;
        for (const std::uint64_t seed : seeds) {
            data_.push_back(seed == 0 ? Bytes() : random_bytes(seed, kBlock));
            leaves.push_back(crypto::sha256(data_.back()));
        }
        return must(merkle::Tree::build(leaves));
    }
    std::vector<Bytes> data_;
    merkle::Tree tree_;
    std::vector<merkle::Proof> proofs_;
};

/// Adds leaves in this order, `step` a call.
inline Result<void> add_in_order(PartialDataset& partial, const Peer& peer,
                                 std::span<const std::uint64_t> order, std::size_t step) {
    while (!order.empty()) {
        const std::size_t n = std::min(step, order.size());
        std::vector<VerifiedLeaf> batch;
        for (const std::uint64_t index : order.first(n))
            batch.push_back(peer.leaf(index));
        CODEX_CHECK(partial.add(batch));
        order = order.subspan(n);
    }
    return {};
}

/// The files of writers and of partial datasets.
inline std::vector<std::string> writer_files(const std::string& repo) {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(repo + "/writers"))
        found.push_back(entry.path().string());
    return found;
}

/// A small repo, empty at first.
class Partial : public testing::Test {
protected:
    Partial() : repo_(must(Repo::init(scratch_.repo(), {}, small()))) {}

    void reopen() {
        close();
        repo_ = must(Repo::open(scratch_.repo(), small()));
    }
    void close() { const Repo closed = std::move(repo_); }
    PartialDataset open(const Peer& peer, const PartialOptions& options = {}) {
        return must(repo_.open_partial(peer.manifest, options));
    }
    /// `held` leaves from the first on are committed.
    void hold(const Peer& peer, std::uint64_t held, const PartialOptions& options = {}) {
        PartialDataset partial = open(peer, options);
        must(partial.add(peer.leaves(0, held)));
        must(partial.commit());
    }
    RebuildReport rebuild(bool with_old_index) {
        close();
        if (!with_old_index) {
            ::unlink((scratch_.repo() + "/index.mdb").c_str());
            ::unlink((scratch_.repo() + "/index.mdb-lock").c_str());
        }
        const RebuildReport report = must(Repo::rebuild_index(scratch_.repo(), small()));
        repo_ = must(Repo::open(scratch_.repo(), small()));
        EXPECT_THAT(problems(repo_), testing::IsEmpty());
        return report;
    }
    std::vector<Cid> listed() {
        std::vector<Cid> cids;
        must(repo_.for_each_partial([&](const PartialInfo& info) {
            cids.push_back(info.dataset.cid);
            return true;
        }));
        return cids;
    }

    const Scratch scratch_;
    const SimulatedClock clock_;
    Repo repo_;
};

} // namespace codex::repo::test
