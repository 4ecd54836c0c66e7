// How long jobs go on after they are cancelled, on a dataset of 256 MiB.
#include "big_store.hpp"

#include "erasure/layout.hpp"
#include "proof/slots.hpp"

#include <algorithm>
#include <atomic>
#include <benchmark/benchmark.h>
#include <chrono>
#include <fcntl.h>
#include <thread>

namespace {

using namespace codex;
using bench::kBytes;
using bench::must;
using bench::World;

constexpr std::uint64_t kPlaces = 8; ///< at which each job is cancelled

/// A job on the dataset that stands in the repo, where one is needed.
using RunJob = Result<void> (*)(World&, const dataset::Job&, const Cid&);

enum class Before : std::uint8_t { nothing, plain, coded };

Cid prepare(World& world, Before before) {
    if (before == Before::nothing)
        return Cid::empty_block();
    const Cid plain = world.put();
    if (before == Before::plain)
        return plain;
    return must(dataset::encode(world.job(), plain, must(erasure::Shape::create(10, 5))));
}

/// Cancelled at eight places of its way: how long the job goes on on average and, as `longest_ms`,
/// at most.
void cancelled(benchmark::State& state, Before before, RunJob run) {
    using Clock = std::chrono::steady_clock;
    double longest = 0;
    std::uint64_t place = 0;
    for (auto _ : state) {
        World world;
        const Cid cid = prepare(world, before);
        Progress progress;
        std::atomic<bool> over = false;
        Clock::time_point ended;
        std::thread worker([&] {
            auto result = run(world, world.job(progress), cid);
            ended = Clock::now();
            over = true;
            if (!result && result.error().code() != Errc::cancelled)
                must(std::move(result));
        });
        const std::uint64_t stop_at = kBytes / kPlaces * (place++ % kPlaces) + 1;
        while (progress.done_bytes < stop_at && !over)
            std::this_thread::yield();
        const auto asked = Clock::now();
        progress.cancel();
        worker.join();
        const std::chrono::duration<double> took = std::max(ended, asked) - asked;
        longest = std::max(longest, took.count());
        state.SetIterationTime(took.count());
    }
    state.counters["longest_ms"] = longest * 1e3;
}

Result<void> run_put(World& world, const dataset::Job& job, const Cid&) {
    CODEX_CHECK(world.put(job));
    return {};
}
Result<void> run_get(World&, const dataset::Job& job, const Cid& cid) {
    const Fd null = must(open_file("/dev/null", O_WRONLY));
    FdSink sink = must(FdSink::create(null.get(), "/dev/null"));
    CODEX_CHECK(dataset::get(job, cid, {}, sink));
    return {};
}
Result<void> run_encode(World&, const dataset::Job& job, const Cid& cid) {
    CODEX_TRY(shape, erasure::Shape::create(10, 5));
    CODEX_CHECK(dataset::encode(job, cid, shape));
    return {};
}
Result<void> run_repair(World& world, const dataset::Job& job, const Cid& cid) {
    const auto layout = must(erasure::Layout::of(must(world.repo().dataset(cid)).manifest));
    std::vector<std::uint64_t> lost;
    for (std::uint64_t column = 0; column < layout.steps; ++column)
        lost.push_back(layout.index(column, static_cast<std::uint32_t>(column % 10)));
    must(dataset::erase(world.job(), cid, lost));
    CODEX_CHECK(dataset::repair(job, cid));
    return {};
}
Result<void> run_slots(World&, const dataset::Job& job, const Cid& cid) {
    CODEX_CHECK(proof::build_slots(job, cid, {}));
    return {};
}
Result<void> run_verify(World& world, const dataset::Job& job, const Cid&) {
    CODEX_CHECK(world.repo().verify({}, [](const repo::VerifyProblem&) {}, job));
    return {};
}
Result<void> run_gc(World& world, const dataset::Job& job, const Cid& cid) {
    must(world.repo().remove_dataset(cid));
    CODEX_CHECK(world.repo().gc({}, job));
    return {};
}

#define CANCELLED(job, before)                                                                     \
    BENCHMARK_CAPTURE(cancelled, job, Before::before, run_##job)                                   \
        ->UseManualTime()                                                                          \
        ->Iterations(kPlaces)                                                                      \
        ->Unit(benchmark::kMillisecond)
CANCELLED(put, nothing);
CANCELLED(get, plain);
CANCELLED(encode, plain);
CANCELLED(repair, coded);
CANCELLED(verify, plain);
CANCELLED(slots, coded);
CANCELLED(gc, plain);

} // namespace

BENCHMARK_MAIN();
