// SHA-256 against OpenSSL's EVP in the same process: long messages one by one, batches of every
// size class, and tree nodes of 65 bytes. CODEX_CPU=avx2 shows SHA-NI alone, =avx2-nosha the lanes
// of AVX2, =portable plain C++.
#include "crypto/hash/detail/sha256_dispatch.hpp"
#include "crypto/hash/sha256.hpp"

#include <benchmark/benchmark.h>
#include <memory>
#include <openssl/evp.h>
#include <random>

namespace {

using namespace codex;

/// 4 MiB of messages: larger than the L2 cache, as block data is that was just read.
constexpr std::size_t kTotalBytes = 4 << 20;

Bytes random_bytes(std::size_t size) {
    std::mt19937_64 random(1);
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    return bytes;
}

/// EVP as fast as it goes: the algorithm fetched once, the context used again.
class OpensslSha256 {
public:
    OpensslSha256()
        : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {}
    ~OpensslSha256() {
        EVP_MD_CTX_free(context_);
        EVP_MD_free(algorithm_);
    }
    OpensslSha256(const OpensslSha256&) = delete;
    OpensslSha256& operator=(const OpensslSha256&) = delete;

    Digest operator()(BytesView message) {
        Digest digest;
        EVP_DigestInit_ex2(context_, algorithm_, nullptr);
        EVP_DigestUpdate(context_, message.data(), message.size());
        EVP_DigestFinal_ex(context_, digest.data(), nullptr);
        return digest;
    }

private:
    EVP_MD* algorithm_;
    EVP_MD_CTX* context_;
};

struct Messages {
    Bytes content = random_bytes(kTotalBytes);
    std::vector<BytesView> views;
    std::vector<Digest> digests;

    explicit Messages(std::size_t size) : digests(kTotalBytes / size) {
        for (std::size_t i = 0; i < digests.size(); ++i)
            views.push_back(BytesView(content).subspan(i * size, size));
    }
};

void openssl_long(benchmark::State& state) {
    Messages messages(static_cast<std::size_t>(state.range(0)));
    OpensslSha256 openssl;
    for (auto _ : state)
        for (std::size_t i = 0; i < messages.views.size(); ++i)
            messages.digests[i] = openssl(messages.views[i]);
    state.SetBytesProcessed(state.iterations() * std::int64_t{kTotalBytes});
}
BENCHMARK(openssl_long)->ArgName("message_bytes")->Arg(65536)->Arg(2048);

void codex_single(benchmark::State& state) {
    Messages messages(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state)
        for (std::size_t i = 0; i < messages.views.size(); ++i)
            messages.digests[i] = crypto::sha256(messages.views[i]);
    state.SetBytesProcessed(state.iterations() * std::int64_t{kTotalBytes});
}
BENCHMARK(codex_single)->ArgName("message_bytes")->Arg(65536)->Arg(2048);

/// Batches of range(1) messages of range(0) bytes.
void codex_many(benchmark::State& state) {
    Messages messages(static_cast<std::size_t>(state.range(0)));
    const auto batch = static_cast<std::size_t>(state.range(1));
    std::size_t hashed = 0;
    for (auto _ : state)
        for (std::size_t i = 0; i + batch <= messages.views.size(); i += batch) {
            crypto::sha256_many(std::span(messages.views).subspan(i, batch),
                                std::span(messages.digests).subspan(i, batch));
            hashed += batch;
        }
    state.SetBytesProcessed(static_cast<std::int64_t>(hashed) * state.range(0));
    state.SetLabel(crypto::detail::sha256_kernels().name);
}
BENCHMARK(codex_many)
    ->ArgNames({"message_bytes", "batch"})
    ->ArgsProduct({{65536}, {1, 2, 4, 8, 10, 11, 12, 14, 16, 18, 20, 21, 22, 24, 32, 48, 64}})
    ->Args({2048, 32})
    ->Args({2048, 1024});

void openssl_nodes(benchmark::State& state) {
    const Bytes node = random_bytes(65);
    OpensslSha256 openssl;
    for (auto _ : state)
        benchmark::DoNotOptimize(openssl(node));
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(openssl_nodes);

void codex_nodes(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    const Bytes content = random_bytes(64 * count);
    std::vector<Digest> nodes(2 * count);
    std::memcpy(nodes.data(), content.data(), content.size());
    std::vector<Digest> parents(count);
    for (auto _ : state) {
        crypto::sha256_pairs(nodes, 1, parents);
        benchmark::DoNotOptimize(parents.data());
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetLabel(crypto::detail::sha256_kernels().name);
}
BENCHMARK(codex_nodes)
    ->ArgName("nodes")
    ->DenseRange(1, 2)
    ->DenseRange(8, 12, 1)
    ->DenseRange(15, 20, 1)
    ->Arg(24)
    ->Arg(32)
    ->Arg(64)
    ->Arg(1024);

} // namespace

BENCHMARK_MAIN();
