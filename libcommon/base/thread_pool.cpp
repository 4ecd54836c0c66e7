#include "base/thread_pool.hpp"

#include "base/thread.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <sched.h>
#include <unistd.h>
#include <vector>

namespace codex {

namespace {

unsigned usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return static_cast<unsigned>(CPU_COUNT(&set));
    const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : static_cast<unsigned>(cores);
}

/// One parallel_for in flight: workers and the caller draw indices from it until none is left.
struct Loop {
    const std::function<void(std::size_t)>* body = nullptr;
    std::size_t count = 0;
    std::atomic<std::size_t> next{0};
    std::size_t finished = 0; // under mutex
    std::atomic<bool> failed{false};
    std::exception_ptr thrown; // the first; under mutex
    std::mutex mutex;
    std::condition_variable done;

    void work() {
        std::size_t mine = 0;
        for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
            run(i);
            ++mine;
        }
        if (mine == 0)
            return;
        const std::lock_guard lock(mutex);
        finished += mine;
        if (finished == count)
            done.notify_all();
    }

    void run(std::size_t i) {
        if (failed.load(std::memory_order_relaxed))
            return;
        try {
            (*body)(i);
        } catch (...) {
            const std::lock_guard lock(mutex);
            if (!thrown)
                thrown = std::current_exception();
            failed = true;
        }
    }
};

} // namespace

struct ThreadPool::State {
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::function<void()>> jobs;
    bool stopping = false;
    std::vector<SideJob> workers;

    void run() {
        for (;;) {
            std::function<void()> job;
            {
                std::unique_lock lock(mutex);
                wake.wait(lock, [this] { return stopping || !jobs.empty(); });
                if (jobs.empty())
                    return;
                job = std::move(jobs.front());
                jobs.pop_front();
            }
            job();
        }
    }
};

ThreadPool::ThreadPool(unsigned threads) : state_(std::make_unique<State>()) {
    const unsigned total = threads == 0 ? usable_cores() : threads;
    std::vector<SideJob>& workers = state_->workers;
    try {
        for (unsigned i = 1; i < total; ++i) {
            if (workers.emplace_back().start([state = state_.get()] { state->run(); }))
                continue;
            workers.pop_back();
            break;
        }
    } catch (const std::bad_alloc&) {
        // Those that run are enough, and could not be stopped from here.
    }
}

ThreadPool::~ThreadPool() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
    }
    state_->wake.notify_all();
    state_->workers.clear(); // waits for them
}

unsigned ThreadPool::size() const {
    return static_cast<unsigned>(state_->workers.size()) + 1;
}

void ThreadPool::post(std::function<void()> job) {
    if (state_->workers.empty()) {
        job();
        return;
    }
    {
        const std::lock_guard lock(state_->mutex);
        state_->jobs.push_back(std::move(job));
    }
    state_->wake.notify_one();
}

void ThreadPool::parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) {
    if (count == 0)
        return;
    if (count == 1 || state_->workers.empty()) {
        for (std::size_t i = 0; i < count; ++i)
            body(i);
        return;
    }
    // Shared, because a helper may be scheduled only after the caller has left.
    auto loop = std::make_shared<Loop>();
    loop->body = &body;
    loop->count = count;
    const std::size_t helpers = std::min(state_->workers.size(), count - 1);
    {
        const std::lock_guard lock(state_->mutex);
        // In front: a loop that somebody waits for goes before jobs nobody waits for.
        try {
            for (std::size_t i = 0; i < helpers; ++i)
                state_->jobs.emplace_front([loop] { loop->work(); });
        } catch (const std::bad_alloc&) {
            // With the helpers there are: they use `body`, so this frame has to wait for them.
        }
    }
    state_->wake.notify_all();
    loop->work();
    std::unique_lock lock(loop->mutex);
    loop->done.wait(lock, [&loop] { return loop->finished == loop->count; });
    if (loop->thrown)
        std::rethrow_exception(loop->thrown);
}

} // namespace codex
