// Encoding and decoding with 64 KiB buffers on one core; bytes of data a second.
//
// With CODEX_LEOPARD_LIB=/path/to/libleopard.so (catid/leopard built as a shared library) the same
// buffers also go through its C interface, its output is compared with ours, and the counters
// "ours", "peer" (bytes a second, each the median) and "ratio" (ours by its) are printed. Rates of
// all time that was taken, as bytes_per_second is, would contradict it where others disturb.
//
// bound/K/M: no measurement, but what encoding could give if nothing but its arithmetic took time
// (erasure_bound.hpp), for CODEX_CPU=avx2 and gfni256.
#include "compare.hpp"
#include "erasure/code.hpp"
#include "erasure/detail/caches.hpp"
#include "erasure/detail/kernel_choice.hpp"
#include "erasure_bound.hpp"

#include <algorithm>
#include <memory>
#include <string>

namespace {

using codex::Bytes;
using codex::erasure::Code;
using codex::erasure::Shape;
namespace bench = codex::bench;

constexpr std::size_t kBufferBytes = 64 * 1024;

/// The C interface of leopard, version 2.
struct Peer {
    int (*init)(int) = nullptr;
    unsigned (*encode_work)(unsigned, unsigned) = nullptr;
    int (*encode)(std::uint64_t, unsigned, unsigned, unsigned, const void* const*,
                  void**) = nullptr;
    unsigned (*decode_work)(unsigned, unsigned) = nullptr;
    int (*decode)(std::uint64_t, unsigned, unsigned, unsigned, const void* const*,
                  const void* const*, void**) = nullptr;
};

/// The peer of CODEX_LEOPARD_LIB; nullptr when it is not set.
const Peer* peer() {
    static const std::unique_ptr<Peer> loaded = [] {
        const auto library = bench::Library::of("CODEX_LEOPARD_LIB");
        if (!library)
            return std::unique_ptr<Peer>();
        auto found = std::make_unique<Peer>();
        library->look_up("leo_init_", found->init);
        library->look_up("leo_encode_work_count", found->encode_work);
        library->look_up("leo_encode", found->encode);
        library->look_up("leo_decode_work_count", found->decode_work);
        library->look_up("leo_decode", found->decode);
        if (found->init(2) != 0)
            library->refuse("leo_init_ failed");
        return found;
    }();
    return loaded.get();
}

/// Buffers one by one on the heap, as an application has them, on cache lines.
struct Buffers {
    explicit Buffers(std::size_t count) : owned(count) {
        for (auto& buffer : owned) {
            buffer.reset(static_cast<std::uint8_t*>(std::aligned_alloc(64, kBufferBytes)));
            std::memset(buffer.get(), 0, kBufferBytes);
            pointers.push_back(buffer.get());
        }
    }
    struct Free {
        void operator()(std::uint8_t* bytes) const { std::free(bytes); }
    };
    std::vector<std::unique_ptr<std::uint8_t, Free>> owned;
    std::vector<std::uint8_t*> pointers;
};

struct Column {
    Column(std::uint32_t k, std::uint32_t m)
        : code(*Shape::create(k, m)), data(k), parity(m), results(m),
          peer_work(peer() == nullptr
                        ? 0
                        : std::max(peer()->encode_work(k, m), peer()->decode_work(k, m))) {
        std::uint32_t state = 1;
        for (std::uint8_t* bytes : data.pointers)
            for (std::size_t i = 0; i < kBufferBytes; ++i)
                bytes[i] =
                    static_cast<std::uint8_t>((state = state * 1664525U + 1013904223U) >> 24);
        inputs.assign(data.pointers.begin(), data.pointers.end());
        (void)code.encode(inputs, parity.pointers, kBufferBytes);
        // The first m data buffers are lost and all parity is needed.
        shards.resize(std::size_t{k} + m);
        outputs.resize(k);
        for (std::size_t i = 0; i < shards.size(); ++i)
            if (i < m)
                outputs[i] = results.pointers[i];
            else
                shards[i] = {i < k ? data.pointers[i] : parity.pointers[i - k], true};
    }
    void encode() const { (void)code.encode(inputs, parity.pointers, kBufferBytes); }
    void decode() const { (void)code.decode(shards, outputs, kBufferBytes); }
    void peer_encode() {
        std::vector<void*> work(peer_work.pointers.begin(), peer_work.pointers.end());
        peer()->encode(kBufferBytes, code.k(), code.m(), peer()->encode_work(code.k(), code.m()),
                       reinterpret_cast<const void* const*>(inputs.data()), work.data());
    }
    void peer_decode() {
        std::vector<void*> work(peer_work.pointers.begin(), peer_work.pointers.end());
        std::vector<const void*> present(code.k());
        for (std::size_t j = code.m(); j < code.k(); ++j)
            present[j] = data.pointers[j];
        const std::vector<const void*> received(parity.pointers.begin(), parity.pointers.end());
        peer()->decode(kBufferBytes, code.k(), code.m(), peer()->decode_work(code.k(), code.m()),
                       present.data(), received.data(), work.data());
    }
    /// Whether `found` are the buffers the peer left in its work area.
    [[nodiscard]] bool same_as_peer(const std::vector<std::uint8_t*>& found) const {
        return std::equal(found.begin(), found.end(), peer_work.pointers.begin(),
                          [](const std::uint8_t* a, const std::uint8_t* b) {
                              return std::memcmp(a, b, kBufferBytes) == 0;
                          });
    }

    Code code;
    Buffers data;
    Buffers parity;
    Buffers results;
    Buffers peer_work;
    std::vector<const std::uint8_t*> inputs;
    std::vector<Code::Shard> shards;
    std::vector<std::uint8_t*> outputs;
};

/// Ours and the peer in turn, after a look at the peer's output.
template <class Ours, class Theirs>
void compare(benchmark::State& state, Column& column, const std::vector<std::uint8_t*>& found,
             Ours ours, Theirs theirs) {
    const auto medians = bench::in_turn(state, peer() != nullptr, ours, theirs);
    const double bytes = static_cast<double>(column.code.k()) * kBufferBytes;
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
    if (peer() == nullptr)
        return;
    if (!column.same_as_peer(found))
        state.SkipWithError("the peer's output differs from ours");
    const auto rate = [bytes](double seconds) {
        return benchmark::Counter(bytes / seconds, benchmark::Counter::kDefaults,
                                  benchmark::Counter::kIs1024);
    };
    state.counters["ours"] = rate(medians.ours);
    state.counters["peer"] = rate(medians.theirs);
    state.counters["ratio"] = medians.theirs / medians.ours;
}

void encode(benchmark::State& state) {
    Column column(static_cast<std::uint32_t>(state.range(0)),
                  static_cast<std::uint32_t>(state.range(1)));
    compare(
        state, column, column.parity.pointers, [&] { column.encode(); },
        [&] { column.peer_encode(); });
}

/// As many losses as the code covers, all of them data.
void decode(benchmark::State& state) {
    Column column(static_cast<std::uint32_t>(state.range(0)),
                  static_cast<std::uint32_t>(state.range(1)));
    compare(
        state, column, column.results.pointers, [&] { column.decode(); },
        [&] { column.peer_decode(); });
}

void bound(benchmark::State& state) {
    const auto& kernels = codex::erasure::detail::best_kernels();
    const auto shape = *Shape::create(static_cast<std::uint32_t>(state.range(0)),
                                      static_cast<std::uint32_t>(state.range(1)));
    const double count = bench::encoding_work(shape).instructions(kernels.form);
    static const double rate = bench::instruction_rate(kernels.form);
    for ([[maybe_unused]] auto iteration : state)
        state.SetIterationTime(count / rate);
    state.SetBytesProcessed(state.iterations() * 32 * shape.k());
    state.counters["instructions"] = count;
    state.counters["rate"] = rate;
}

void sizes(benchmark::internal::Benchmark* bench) {
    for (const auto& [k, m] : {std::pair{3, 2}, std::pair{10, 5}, std::pair{20, 10},
                               std::pair{128, 128}, std::pair{300, 100}, std::pair{1000, 1000}})
        bench->Args({k, m});
    bench->UseManualTime()->Unit(benchmark::kMicrosecond);
}

BENCHMARK(encode)->Args({2, 1})->Apply(sizes);
BENCHMARK(decode)->Args({2, 1})->Apply(sizes);

} // namespace

int main(int argc, char** argv) {
    benchmark::AddCustomContext("kernels", codex::erasure::detail::best_kernels().name);
    const auto& caches = codex::erasure::detail::machine_caches();
    benchmark::AddCustomContext("strips for caches of",
                                std::to_string(caches.nearest >> 10) + " and " +
                                    std::to_string(caches.second >> 10) + " KiB");
    const std::string name = codex::erasure::detail::best_kernels().name;
    if (name == "avx2" || name == "gfni256")
        benchmark::RegisterBenchmark("bound", bound)->Apply(sizes)->Iterations(1);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 64;
    benchmark::RunSpecifiedBenchmarks();
}
