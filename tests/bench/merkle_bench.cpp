// Trees: building, the streaming root, proofs; beside a builder that calls OpenSSL's EVP a node.
#include "merkle/coding.hpp"

#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <random>

namespace {

using namespace codex;

std::vector<Digest> random_leaves(std::size_t count) {
    std::mt19937_64 random(1);
    std::vector<Digest> leaves(count);
    for (Digest& leaf : leaves)
        for (std::uint8_t& byte : leaf)
            byte = static_cast<std::uint8_t>(random());
    return leaves;
}

/// The tree's compression through EVP, fetched once, one call a node.
class OpensslTree final : public merkle::TreeHash {
public:
    OpensslTree()
        : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {}
    ~OpensslTree() override {
        EVP_MD_CTX_free(context_);
        EVP_MD_free(algorithm_);
    }
    OpensslTree(const OpensslTree&) = delete;
    OpensslTree& operator=(const OpensslTree&) = delete;

    void pairs(std::span<const Digest> nodes, std::uint8_t key,
               std::span<Digest> parents) const override {
        for (std::size_t i = 0; i < parents.size(); ++i) {
            EVP_DigestInit_ex2(context_, algorithm_, nullptr);
            EVP_DigestUpdate(context_, nodes[2 * i].data(), 2 * sizeof(Digest));
            EVP_DigestUpdate(context_, &key, 1);
            EVP_DigestFinal_ex(context_, parents[i].data(), nullptr);
        }
    }
    [[nodiscard]] codec::HashCodec codec() const override { return codec::HashCodec::sha2_256; }

private:
    EVP_MD* algorithm_;
    EVP_MD_CTX* context_;
};

void build(benchmark::State& state, const merkle::TreeHash& hash) {
    const auto leaves = random_leaves(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state)
        benchmark::DoNotOptimize(merkle::Tree::build(leaves, hash));
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
void codex_build(benchmark::State& state) {
    build(state, merkle::sha256_tree());
}
void openssl_build(benchmark::State& state) {
    build(state, OpensslTree());
}
BENCHMARK(codex_build)->ArgName("leaves")->Arg(100)->Arg(16384)->Arg(1 << 20);
BENCHMARK(openssl_build)->ArgName("leaves")->Arg(100)->Arg(16384)->Arg(1 << 20);

void codex_streaming_root(benchmark::State& state) {
    const auto leaves = random_leaves(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        merkle::StreamingRoot stream;
        std::span<const Digest> rest = leaves;
        while (!rest.empty()) {
            const std::size_t piece = std::min<std::size_t>(64, rest.size());
            stream.add(rest.first(piece));
            rest = rest.subspan(piece);
        }
        benchmark::DoNotOptimize(stream.finish());
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(codex_streaming_root)->ArgName("leaves")->Arg(16384)->Arg(1 << 20);

void codex_proof(benchmark::State& state) {
    const auto tree = merkle::Tree::build(random_leaves(16384));
    std::uint64_t index = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(tree->proof(index++ % 16384));
}
BENCHMARK(codex_proof);

void codex_verify(benchmark::State& state) {
    const auto tree = merkle::Tree::build(random_leaves(16384));
    const auto proof = tree->proof(11'111);
    for (auto _ : state)
        benchmark::DoNotOptimize(
            merkle::verify(tree->hash(), *proof, tree->leaves()[11'111], tree->root()));
}
BENCHMARK(codex_verify);

void codex_decode_tree(benchmark::State& state) {
    const Bytes encoded = merkle::encode_tree(*merkle::Tree::build(random_leaves(16384)));
    for (auto _ : state)
        benchmark::DoNotOptimize(merkle::decode_tree(encoded));
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * 16384);
}
BENCHMARK(codex_decode_tree);

} // namespace

BENCHMARK_MAIN();
