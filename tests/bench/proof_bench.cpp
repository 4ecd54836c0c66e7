// What a proof is made of, in this process: witness of the deployed circuit, transforms and
// multi-scalar products of its size, verification one by one and in a batch. One thread.
#include "crypto/curve/pairing.hpp"
#include "crypto/msm/msm.hpp"
#include "crypto/ntt/ntt.hpp"
#include "proof/circuit.hpp"
#include "snark/groth16.hpp"
#include "snark/setup.hpp"

#include <benchmark/benchmark.h>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <sys/mman.h>

namespace {

using namespace codex;
using crypto::Fr;

template <class T> T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "proof_bench: %s\n", result.error().text().c_str());
        std::exit(70);
    }
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

std::vector<Fr> random_elements(std::size_t count) {
    std::mt19937_64 random(count);
    std::vector<Fr> elements(count);
    for (Fr& element : elements)
        element = Fr::from_limbs({random(), random(), random(), random() >> 3});
    return elements;
}

/// The input of a true statement is not needed: the generator does the same for a false one.
void witness(benchmark::State& state) {
    proof::CircuitParameters parameters;
    parameters.samples = static_cast<std::uint32_t>(state.range(0));
    proof::ProofInput input;
    input.entropy = Fr::from_u64(1);
    input.cells_per_slot = 1 << 20;
    input.slots_per_dataset = 11;
    input.slot_index = 3;
    input.slot_proof = random_elements(4);
    for (std::uint32_t i = 0; i < parameters.samples; ++i) {
        input.cell_data.push_back(random_elements(parameters.cell_elements));
        input.merkle_paths.push_back(random_elements(20));
    }
    for (auto _ : state)
        benchmark::DoNotOptimize(must(proof::compute_witness(parameters, input)));
}
BENCHMARK(witness)->ArgName("samples")->Arg(5)->Arg(50)->Unit(benchmark::kMillisecond);

void transform(benchmark::State& state) {
    std::vector<Fr> values = random_elements(std::size_t{1} << state.range(0));
    for (auto _ : state)
        crypto::shift_to_odd_coset(values);
}
BENCHMARK(transform)->ArgName("log2")->Arg(17)->Arg(20)->Unit(benchmark::kMillisecond);

/// Many points as multiples of one.
template <class Point, class Multiples, class Sum>
void sum(benchmark::State& state, const Point& base, Multiples multiples, Sum msm) {
    const std::vector<Fr> elements = random_elements(std::size_t{1} << state.range(0));
    const std::vector<Point> points = multiples(base, elements, Executor::caller());
    std::vector<Digest> scalars;
    for (const Fr& element : random_elements(points.size() + 1))
        scalars.push_back(element.to_bytes());
    scalars.pop_back();
    for (auto _ : state)
        benchmark::DoNotOptimize(msm(scalars, points));
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(points.size()));
}
void sum_g1(benchmark::State& state) {
    sum(state, crypto::g1_generator(), crypto::multiples_g1,
        [](const auto& scalars, const auto& points) { return crypto::msm(scalars, points); });
}
void sum_g2(benchmark::State& state) {
    sum(state, crypto::g2_generator(), crypto::multiples_g2,
        [](const auto& scalars, const auto& points) { return crypto::msm(scalars, points); });
}
BENCHMARK(sum_g1)->ArgName("log2")->Arg(17)->Arg(20)->Unit(benchmark::kMillisecond);
BENCHMARK(sum_g2)->ArgName("log2")->Arg(16)->Unit(benchmark::kMillisecond);

/// Proofs of a small circuit with as many public inputs as the deployed one: what a verifier does
/// does not depend on the rest.
class Proofs {
public:
    explicit Proofs(std::size_t count) {
        constexpr std::uint32_t kPublic = 3;
        snark::R1cs system;
        system.wires = kPublic + 2;
        system.public_inputs = kPublic;
        system.private_inputs = 1;
        system.labels = system.wires;
        for (std::uint32_t wire = 0; wire < system.wires; ++wire)
            system.wire_labels.push_back(wire);
        const std::uint32_t square = kPublic + 1; // w1 * w1 = w4, w4 * w2 = w3
        system.add({{1, Fr::one()}}, {{1, Fr::one()}}, {{square, Fr::one()}});
        system.add({{square, Fr::one()}}, {{2, Fr::one()}}, {{3, Fr::one()}});
        const int file = memfd_create("proof_bench", 0);
        must(snark::test_setup(system, file, "key", {}));
        const auto key = must(snark::ProvingKey::read(
            must(snark::BinaryFile::open("/proc/self/fd/" + std::to_string(file), "zkey", 1))));
        verifying = key.verifying_key();
        for (std::size_t i = 0; i < count; ++i) {
            const Fr x = Fr::from_u64(i + 2);
            const Fr y = Fr::from_u64(7 * i + 1);
            const Fr wires[] = {Fr::one(), x, y, x * x * y, x * x};
            std::vector<Digest> words;
            for (const Fr& wire : wires)
                words.push_back(wire.to_bytes());
            items.push_back({{wires[1], wires[2], wires[3]}, must(snark::prove(key, words, {}))});
        }
    }
    snark::VerifyingKey verifying;
    std::vector<snark::Statement> items;
};

void verify(benchmark::State& state) {
    const Proofs proofs(1);
    for (auto _ : state)
        must(snark::verify(proofs.verifying, proofs.items[0]));
}
BENCHMARK(verify)->Unit(benchmark::kMillisecond);

/// One by one (0) or together (1).
void verify_many(benchmark::State& state) {
    const Proofs proofs(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        if (state.range(1) == 0)
            for (const snark::Statement& item : proofs.items)
                must(snark::verify(proofs.verifying, item));
        else if (!must(snark::verify_batch(proofs.verifying, proofs.items)).empty())
            state.SkipWithError("a good proof was refused");
    }
}
BENCHMARK(verify_many)
    ->ArgNames({"proofs", "batch"})
    ->Args({100, 0})
    ->Args({100, 1})
    ->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
