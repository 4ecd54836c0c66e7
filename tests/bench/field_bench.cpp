// Products in Fr: plain C++, mulx/adx, four lanes of AVX2 doubles, and eight of IFMA; nanoseconds a
// product of one core.
//
// With CODEX_FFIASM_LIB=/path/to/libfr.so (iden3/ffiasm's assembly for this field, as rapidsnark
// builds it, linked as a shared library) its Fr_rawMMul runs in turn with ours, its results are
// compared with ours, and the counters "peer" (its nanoseconds) and "ratio" (ours are so many times
// faster) are printed.
#include "base/cpu.hpp"
#include "compare.hpp"
#include "field_scalar.hpp"

#include <array>

namespace {

using namespace codex;
using bench::FieldKernel;
using bench::kBatch;
using crypto::Fr;

constexpr std::size_t kRounds = 512;

using PeerProduct = void (*)(std::uint64_t*, const std::uint64_t*, const std::uint64_t*);

/// Fr_rawMMul of CODEX_FFIASM_LIB; nullptr when it is not set.
PeerProduct peer() {
    static const PeerProduct found = [] {
        PeerProduct product = nullptr;
        if (const auto library = bench::Library::of("CODEX_FFIASM_LIB"))
            library->look_up("Fr_rawMMul", product);
        return product;
    }();
    return found;
}

using Batch = std::array<Fr, kBatch>;

Batch elements(std::uint64_t seed) {
    Batch batch;
    for (std::size_t i = 0; i < kBatch; ++i)
        batch[i] = Fr::from_u64(seed + i).inverse();
    return batch;
}

std::uint64_t* words(Batch& batch) {
    return reinterpret_cast<std::uint64_t*>(batch.data());
}

void report(benchmark::State& state, std::size_t products, const bench::Medians& medians) {
    const double ns = 1e9 / static_cast<double>(products);
    state.counters["ns"] = ns * medians.ours;
    if (medians.theirs == 0)
        return;
    state.counters["peer"] = ns * medians.theirs;
    state.counters["ratio"] = medians.theirs / medians.ours;
}

void throughput(benchmark::State& state, const FieldKernel& kernel) {
    Batch ours = elements(3);
    Batch theirs = ours;
    Batch factors = elements(1000);
    const auto multiply_ours = [&] { kernel.batch(words(ours), words(factors), kRounds); };
    const auto multiply_theirs = [&] {
        for (std::size_t round = 0; round < kRounds; ++round)
            for (std::size_t i = 0; i < 4 * kBatch; i += 4)
                peer()(words(theirs) + i, words(theirs) + i, words(factors) + i);
    };
    // The lanes divide by 2^260 a product, so theirs is comparable in scalar kernels only. It is
    // compared before the time is taken, for which the two are not run equally often.
    if (peer() != nullptr && kernel.chain != nullptr) {
        multiply_ours();
        multiply_theirs();
        if (ours != theirs) {
            state.SkipWithError("the peer's products differ from ours");
            return;
        }
    }
    report(state, kBatch * kRounds,
           bench::in_turn(state, peer() != nullptr, multiply_ours, multiply_theirs));
}

void latency(benchmark::State& state, const FieldKernel& kernel) {
    constexpr std::size_t kProducts = kBatch * kRounds;
    Batch ours = elements(3);
    Batch theirs = ours;
    Batch factors = elements(1000);
    const auto medians = bench::in_turn(
        state, peer() != nullptr, [&] { kernel.chain(words(ours), words(factors), kProducts); },
        [&] {
            for (std::size_t i = 0; i < kProducts; ++i)
                peer()(words(theirs), words(theirs), words(factors));
        });
    report(state, kProducts, medians);
}

const FieldKernel& portable_field() {
    using crypto::field_portable::ScalarField;
    static constexpr FieldKernel kKernel = {"portable", ScalarField::batch, ScalarField::chain};
    return kKernel;
}

std::vector<const FieldKernel*> kernels() {
    std::vector<const FieldKernel*> found = {&portable_field()};
#if defined(__x86_64__)
    if (cpu::features().adx)
        found.push_back(&bench::adx_field());
    if (cpu::features().avx2)
        found.push_back(&bench::avx2_field());
    if (cpu::features().avx512_ifma)
        found.push_back(&bench::ifma_field());
#endif
    return found;
}

} // namespace

int main(int argc, char** argv) {
    for (const FieldKernel* kernel : kernels()) {
        const auto add = [kernel](const char* what, auto* body) {
            benchmark::RegisterBenchmark((std::string("fr_product/") + kernel->name + what).c_str(),
                                         [kernel, body](auto& state) { body(state, *kernel); })
                ->UseManualTime()
                ->Unit(benchmark::kMicrosecond);
        };
        add("/throughput", throughput);
        if (kernel->chain != nullptr)
            add("/latency", latency);
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
