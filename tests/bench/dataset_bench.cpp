// put, get and export of a dataset that is in the page cache, without waiting for the disk:
// throughput of the pipelines themselves. Wall time, since they work in several threads.
#include "base/fd_stream.hpp"
#include "base/thread_pool.hpp"
#include "dataset/dataset.hpp"

#include <benchmark/benchmark.h>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace codex;

constexpr std::uint64_t kBytes = std::uint64_t{256} << 20;

/// The value, or the end of the benchmark with the error.
template <class T> T must(Result<T> result) {
    if (!result) {
        fmt::print(stderr, "dataset_bench: {}\n", result.error().text());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

/// A repo in a directory of its own, and content no two of whose blocks are equal.
class World {
public:
    World() : content_(::memfd_create("content", MFD_CLOEXEC)) {
        std::string name = (std::filesystem::temp_directory_path() / "codex-bench-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
        repo_.emplace(must(
            repo::Repo::open(path_ + "/repo", {.create = true, .sync = false, .pool = pool_})));
        std::vector<std::uint64_t> words(std::size_t{1} << 17);
        std::uint64_t state = 1;
        for (std::uint64_t at = 0; at < kBytes; at += words.size() * 8) {
            for (std::uint64_t& word : words)
                word = state = state * 6364136223846793005U + 1442695040888963407U;
            must(write_full(
                content_.get(),
                as_bytes({reinterpret_cast<const char*>(words.data()), words.size() * 8}),
                "content"));
        }
    }
    ~World() {
        repo_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    dataset::Job job() { return {*repo_, pool_}; }
    Cid put() {
        ::lseek(content_.get(), 0, SEEK_SET);
        FdSource source = must(FdSource::create(content_.get(), "content"));
        return must(dataset::put(job(), source, {})).manifest;
    }
    repo::Repo& repo() { return *repo_; }

private:
    Fd content_;
    std::string path_;
    ThreadPool pool_;
    std::optional<repo::Repo> repo_;
};

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
