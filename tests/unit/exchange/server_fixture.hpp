// What tests of a server share: one with a repo, and a peer that asks it.
#pragma once

#include "exchange/server.hpp"
#include "merkle/coding.hpp"
#include "nodes.hpp"
#include "repo/partial_fixture.hpp"

namespace codex::exchange::test {

using repo::test::cid_of;
using repo::test::kBlock;
using repo::test::Made;
using Dataset = repo::test::Peer;
using repo::test::random_bytes;
using repo::test::Scratch;
using repo::test::seeds;
using repo::test::write_blocks;

inline std::vector<Want> blocks_of(const Cid& tree, std::uint64_t first, std::uint64_t count,
                                   bool dont_have = false) {
    std::vector<Want> list;
    for (std::uint64_t i = 0; i < count; ++i)
        list.push_back(want_block(leaf(tree, first + i), dont_have));
    return list;
}

inline std::vector<Want> haves_of(const Cid& tree, std::uint64_t first, std::uint64_t count,
                                  bool dont_have = false) {
    std::vector<Want> list;
    for (std::uint64_t i = 0; i < count; ++i)
        list.push_back(want_have(leaf(tree, first + i), dont_have));
    return list;
}

class ServerTest : public testing::Test {
protected:
    ServerTest()
        : repo_(must(repo::Repo::init(scratch_.repo(), {}, {}))), node(world.internet, 1),
          client(world.internet, 2) {}

    void serve(ServerOptions options = {}) { serve(executor, std::move(options)); }
    void serve(Executor& on, ServerOptions options = {}) {
        server = std::make_unique<Server>(*node.peers, repo_, on, std::move(options));
        world.connect(client, node);
        ASSERT_TRUE(world.until(
            [&] { return client.peers->has(node.id()) && node.peers->has(client.id()); }));
    }
    void ask(std::vector<Want> entries, bool full = false) {
        client.peers->send(node.id(), wants(std::move(entries), full));
    }
    bool comes(std::size_t presences, std::size_t blocks) {
        return world.until([&] {
            return client.heard.presences.size() >= presences &&
                   client.heard.blocks.size() >= blocks;
        });
    }
    /// Nothing more comes within a minute.
    void expect_quiet(std::size_t presences, std::size_t blocks) {
        world.pass(seconds(60));
        EXPECT_EQ(client.heard.presences.size(), presences);
        EXPECT_EQ(client.heard.blocks.size(), blocks);
    }
    [[nodiscard]] const Presence& presence(std::size_t at) const {
        return client.heard.presences.at(at).second;
    }
    static void expect_leaf(const Heard::Block& block, const Made& made) {
        const std::uint64_t index = block.address.index;
        EXPECT_EQ(block.cid, made.blocks.at(index));
        EXPECT_EQ(cid_of(block.data), block.cid);
        const merkle::Proof proof = must(merkle::decode_proof(block.proof));
        EXPECT_EQ(proof.index, index);
        EXPECT_EQ(proof.leaf_count, made.blocks.size());
        must(merkle::verify(merkle::sha256_tree(), proof, block.cid.digest32(),
                            made.tree.digest32()));
    }

    World world;
    Scratch scratch_;
    repo::Repo repo_;
    InlineExecutor executor;
    Speaker node;
    Speaker client;
    std::unique_ptr<Server> server;
};

} // namespace codex::exchange::test
