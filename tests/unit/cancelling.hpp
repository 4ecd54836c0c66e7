// Cancels a job in the middle, at a place that a test can count: at the n-th piece of work on its
// executor (or change of a file: stepping_disk.hpp), in another thread.
#pragma once

#include "base/progress.hpp"
#include "base/thread_pool.hpp"

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

namespace codex::test {

/// What executors and disks tell of their steps.
class Trap {
public:
    /// Cancels `progress` at the n-th step from now on.
    void set(Progress& progress, long n) {
        progress_ = &progress;
        loops_after_ = 0;
        bytes_before_ = 0;
        left_ = n;
    }
    void step() {
        ++steps_;
        if (--left_ != 0)
            return;
        std::thread([this] { progress_->cancel(); }).join();
        bytes_before_ = progress_->done_bytes.load();
    }
    void loop() {
        if (progress_ != nullptr && progress_->cancelled())
            ++loops_after_;
    }
    [[nodiscard]] long steps() const { return steps_; }
    /// Loops over pieces that were begun after the job was cancelled.
    [[nodiscard]] int loops_after() const { return loops_after_; }
    /// What the job has counted since then.
    [[nodiscard]] std::uint64_t bytes_after() const {
        return progress_->done_bytes.load() - bytes_before_;
    }

private:
    Progress* progress_ = nullptr;
    std::atomic<long> left_{0};
    std::atomic<long> steps_{0};
    std::atomic<int> loops_after_{0};
    std::atomic<std::uint64_t> bytes_before_{0};
};

/// A pool whose loops are steps; it knows the threads that its jobs beside had.
class CountingExecutor final : public Executor {
public:
    explicit CountingExecutor(unsigned threads = 2) : pool_(threads) {}
    Trap trap;

    [[nodiscard]] unsigned size() const override { return pool_.size(); }
    void post(std::function<void()> job) override { pool_.post(std::move(job)); }
    void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) override {
        trap.loop();
        pool_.parallel_for(count, [&](std::size_t i) {
            trap.step();
            body(i);
        });
    }
    [[nodiscard]] bool try_beside(std::function<void()> job, std::function<void()> freed) override {
        const auto counted = [this, job = std::move(job)] {
            {
                const std::lock_guard lock(mutex_);
                ++begun_;
                threads_.insert(std::this_thread::get_id());
            }
            job();
        };
        return pool_.try_beside(counted, std::move(freed));
    }
    [[nodiscard]] std::size_t threads_beside() {
        const std::lock_guard lock(mutex_);
        return threads_.size();
    }
    [[nodiscard]] long begun_beside() {
        const std::lock_guard lock(mutex_);
        return begun_;
    }

private:
    std::mutex mutex_;
    std::set<std::thread::id> threads_;
    long begun_ = 0;
    ThreadPool pool_; // last: its threads use the others
};

} // namespace codex::test
