// Three stages over a few circulating buffers: while one is filled from the input, the one before
// is worked on, and the one before that is stored.
#pragma once

#include "base/error.hpp"
#include "base/side_job.hpp"
#include "dataset/detail/channel.hpp"

#include <functional>
#include <optional>
#include <span>

namespace codex::dataset::detail {

template <class Chunk> struct Stages {
    std::function<Result<bool>(Chunk&)> fill; ///< false at the end, with nothing in the chunk
    std::function<Result<void>(Chunk&)> work;
    std::function<Result<void>(Chunk&)> store; ///< in the calling thread
    /// Ends a fill() that waits, with `cancelled`; any thread, any time.
    std::function<void()> interrupt;
};

/// One run of chunks through the stages; see run_pipeline().
template <class Chunk> class Pipeline {
public:
    Pipeline(Executor& executor, std::span<Chunk> chunks, const Stages<Chunk>& stages)
        : executor_(executor), chunks_(chunks), stages_(stages) {}

    [[nodiscard]] Result<void> run() {
        for (Chunk& chunk : chunks_)
            free_.push(&chunk);
        SideJob filler, worker;
        if (!filler.start(executor_, [this] { stopping_on_throw([this] { fill_all(); }); }))
            return one_by_one();
        stopping_on_throw([&] {
            const bool beside =
                worker.start(executor_, [this] { stopping_on_throw([this] { work_all(); }); });
            Channel<Chunk*>& ready = beside ? worked_ : filled_;
            while (auto chunk = ready.pop()) {
                if (!beside && !keep(work_result_, stages_.work(**chunk)))
                    break;
                if (!keep(store_result_, stages_.store(**chunk)))
                    break;
                free_.push(*chunk);
            }
        });
        filler.wait();
        worker.wait();
        // A fill() that was interrupted says so, which is no cause but a consequence.
        const bool interrupted = !fill_result_ && fill_result_.error().code() == Errc::cancelled;
        if (!fill_result_ && !interrupted)
            return std::move(fill_result_);
        if (!work_result_ || !store_result_)
            return std::move(work_result_ ? store_result_ : work_result_);
        return std::move(fill_result_);
    }

private:
    /// Where there is not even one thread to be had.
    Result<void> one_by_one() {
        for (Chunk& chunk = chunks_.front();;) {
            CODEX_TRY(more, stages_.fill(chunk));
            if (!more)
                return {};
            CODEX_CHECK(stages_.work(chunk));
            CODEX_CHECK(stages_.store(chunk));
        }
    }
    void fill_all() {
        while (auto chunk = free_.pop()) {
            auto more = stages_.fill(**chunk);
            if (!more)
                keep(fill_result_, fail(std::move(more).error()));
            if (!more || !*more)
                break;
            filled_.push(*chunk);
        }
        filled_.close();
    }
    void work_all() {
        while (auto chunk = filled_.pop()) {
            if (!keep(work_result_, stages_.work(**chunk)))
                return;
            worked_.push(*chunk);
        }
        worked_.close();
    }

    /// False, and the end of all stages, when it is an error.
    bool keep(Result<void>& place, Result<void> result) {
        place = std::move(result);
        if (!place)
            stop();
        return place.has_value();
    }
    void stop() {
        stages_.interrupt();
        free_.cancel();
        filled_.cancel();
        worked_.cancel();
    }
    template <class Stage> void stopping_on_throw(const Stage& stage) {
        try {
            stage();
        } catch (...) {
            stop();
            throw;
        }
    }

    Executor& executor_;
    std::span<Chunk> chunks_;
    const Stages<Chunk>& stages_;
    Channel<Chunk*> free_, filled_, worked_;
    // Each is written by one thread and read after it was waited for.
    Result<void> fill_result_, work_result_, store_result_;
};

/// Takes chunks through the stages, in order, until fill() gives false or a stage fails. Chunks
/// filled before a failing fill() or work() may still be stored. Gives the error of the earliest
/// stage that failed, and throws what one threw. fill() and work() run beside the caller, as far as
/// the executor has threads for them.
template <class Chunk>
[[nodiscard]] Result<void> run_pipeline(Executor& executor, std::span<Chunk> chunks,
                                        const Stages<Chunk>& stages) {
    return Pipeline<Chunk>(executor, chunks, stages).run();
}

} // namespace codex::dataset::detail
