// Datasets that are prepared, and become visible in one transaction.
#pragma once

#include "repo/group_fixture.hpp"

namespace codex::repo::test {

/// A repo in which datasets are prepared.
class Group : public SharedTransactions {
protected:
    struct Prepared {
        Made made;
        std::uint64_t new_bytes = 0;
    };
    /// As write_blocks(), for a group.
    Result<Prepared> prepare(DatasetGroup& group, const std::vector<std::uint64_t>& seeds,
                             const std::string& name = "") {
        return prepare_in(repo_, group, seeds, name);
    }
    static Result<Prepared> prepare_in(Repo& repo, DatasetGroup& group,
                                       const std::vector<std::uint64_t>& seeds,
                                       const std::string& name = "") {
        CODEX_TRY(writer, repo.write_dataset({}, group));
        Prepared prepared;
        Made& made = prepared.made;
        for (std::size_t i = 0; i < seeds.size(); ++i) {
            const Bytes data = random_bytes(seeds[i], kBlock);
            made.blocks.push_back(cid_of(data));
            const LeafInput leaf{i, made.blocks.back(), data};
            CODEX_CHECK(writer.leaves({&leaf, 1}));
        }
        CODEX_SET(made.tree, writer.finish_tree());
        CODEX_SET(made.manifest,
                  writer.prepare(manifest_for(made.tree, seeds.size(), kBlock, name), 0));
        prepared.new_bytes = writer.new_bytes();
        return prepared;
    }
    void expect_whole(const Made& made) {
        must(repo_.dataset(made.manifest));
        EXPECT_EQ(must(repo_.tree(made.tree)).leaf_count(), made.blocks.size());
        for (const Cid& block : made.blocks)
            EXPECT_EQ(cid_of(must(repo_.get(block))), block);
    }
    void set_room(std::uint64_t bytes) {
        Config config = repo_.config();
        const Counters counters = must(repo_.space()).counters;
        config.quota_bytes = counters.used_bytes + counters.tree_bytes + bytes;
        must(repo_.set_config(config));
    }
};

} // namespace codex::repo::test
