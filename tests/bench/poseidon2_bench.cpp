// Poseidon2: one permutation, cells of 2 KiB and tree nodes, on one core. CODEX_CPU=avx2 shows
// AVX2 (and, for one permutation, mulx/adx), =portable baseline instructions.
#include "crypto/poseidon2/poseidon2.hpp"

#include <benchmark/benchmark.h>
#include <random>

namespace {

using namespace codex;

/// Half a MiB of cells: what the program hashes in one call.
constexpr std::size_t kCellBytes = 2048;
constexpr std::size_t kCells = 256;

Bytes random_bytes(std::size_t size) {
    std::mt19937_64 random(1);
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    return bytes;
}

/// Permutations one after another: what a proof's witness is made of.
void permutation(benchmark::State& state) {
    crypto::poseidon2::State words{};
    for (auto _ : state) {
        crypto::poseidon2::permute(words);
        benchmark::DoNotOptimize(words.data());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(permutation)->Unit(benchmark::kMicrosecond);

void cells(benchmark::State& state) {
    const Bytes content = random_bytes(kCells * kCellBytes);
    std::vector<const std::uint8_t*> messages;
    for (std::size_t i = 0; i < kCells; ++i)
        messages.push_back(content.data() + i * kCellBytes);
    std::vector<Digest> digests(kCells);
    for (auto _ : state) {
        crypto::poseidon2::hash_many(messages, kCellBytes, digests);
        benchmark::DoNotOptimize(digests.data());
    }
    state.SetBytesProcessed(state.iterations() * std::int64_t{kCells * kCellBytes});
    state.SetLabel(crypto::poseidon2::kernel());
}
BENCHMARK(cells)->Unit(benchmark::kMillisecond);

void nodes(benchmark::State& state) {
    const Bytes content = random_bytes(64 * kCells);
    std::vector<Digest> children(2 * kCells);
    std::memcpy(children.data(), content.data(), content.size());
    std::vector<Digest> parents(kCells);
    for (auto _ : state) {
        crypto::poseidon2::pairs(children, 1, parents);
        benchmark::DoNotOptimize(parents.data());
    }
    state.SetItemsProcessed(state.iterations() * std::int64_t{kCells});
    state.SetLabel(crypto::poseidon2::kernel());
}
BENCHMARK(nodes)->Unit(benchmark::kMicrosecond);

} // namespace

BENCHMARK_MAIN();
