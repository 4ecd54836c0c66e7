// put, get and export of a dataset that is in the page cache, without waiting for the disk:
// throughput of the pipelines themselves. Wall time, since they work in several threads.
#include "big_store.hpp"

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <memory>

namespace {

using namespace codex;
using bench::kBytes;
using bench::must;
using bench::World;

void count_bytes(benchmark::State& state) {
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kBytes));
}

void put_new(benchmark::State& state) {
    for (auto _ : state) {
        state.PauseTiming();
        auto world = std::make_unique<World>();
        state.ResumeTiming();
        benchmark::DoNotOptimize(world->put());
        state.PauseTiming();
        world.reset();
        state.ResumeTiming();
    }
    count_bytes(state);
}

void put_known(benchmark::State& state) {
    World world;
    static_cast<void>(world.put());
    for (auto _ : state)
        benchmark::DoNotOptimize(world.put());
    count_bytes(state);
}

void get(benchmark::State& state) {
    World world;
    const Cid cid = world.put();
    const Fd null = must(open_file("/dev/null", O_WRONLY));
    FdSink sink = must(FdSink::create(null.get(), "/dev/null"));
    for (auto _ : state)
        must(dataset::get(world.job(), cid, {}, sink));
    count_bytes(state);
}

void export_car(benchmark::State& state) {
    World world;
    const std::vector<Cid> cids = {world.put()};
    const Fd null = must(open_file("/dev/null", O_WRONLY));
    FdSink sink = must(FdSink::create(null.get(), "/dev/null"));
    for (auto _ : state)
        must(dataset::export_car(world.job(), cids, sink, false));
    count_bytes(state);
}

BENCHMARK(put_new)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);
BENCHMARK(put_known)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);
BENCHMARK(get)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);
BENCHMARK(export_car)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
