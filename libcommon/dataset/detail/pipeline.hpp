// Three stages over a few circulating buffers: while one is filled from the input, the one before
// is worked on, and the one before that is stored.
#pragma once

#include "base/error.hpp"
#include "dataset/detail/channel.hpp"

#include <functional>
#include <optional>
#include <span>
#include <thread>

namespace codex::dataset::detail {

template <class Chunk> struct Stages {
    std::function<Result<bool>(Chunk&)> fill; ///< false at the end, with nothing in the chunk
    std::function<Result<void>(Chunk&)> work;
    std::function<Result<void>(Chunk&)> store; ///< in the calling thread
    std::function<void()> interrupt;           ///< ends a fill() that waits; any thread, any time
};

/// Takes chunks through the stages, in order, until fill() gives false or a stage fails. Chunks
/// filled before a failing fill() or work() may still be stored. Gives the error of the earliest
/// stage that failed.
template <class Chunk>
[[nodiscard]] Result<void> run_pipeline(std::span<Chunk> chunks, const Stages<Chunk>& stages) {
    Channel<Chunk*> free, filled, worked;
    for (Chunk& chunk : chunks)
        free.push(&chunk);
    // Each is written by one thread and read after it was joined.
    Result<void> fill_result, work_result, store_result;
    const auto stop = [&] {
        stages.interrupt();
        free.cancel();
        filled.cancel();
        worked.cancel();
    };
    std::thread filler([&] {
        while (auto chunk = free.pop()) {
            auto more = stages.fill(**chunk);
            if (!more) {
                fill_result = fail(std::move(more).error());
                stop();
                return;
            }
            if (!*more)
                break;
            filled.push(*chunk);
        }
        filled.close();
    });
    std::thread worker([&] {
        while (auto chunk = filled.pop()) {
            work_result = stages.work(**chunk);
            if (!work_result) {
                stop();
                return;
            }
            worked.push(*chunk);
        }
        worked.close();
    });
    while (auto chunk = worked.pop()) {
        store_result = stages.store(**chunk);
        if (!store_result) {
            stop();
            break;
        }
        free.push(*chunk);
    }
    filler.join();
    worker.join();
    if (!fill_result)
        return fill_result;
    return work_result ? std::move(store_result) : std::move(work_result);
}

} // namespace codex::dataset::detail
