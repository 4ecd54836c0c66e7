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

/// Threads with one job each, which may wait.
class SideThreads {
public:
    explicit SideThreads(unsigned most) : most_(most) {}
    SideThreads(const SideThreads&) = delete;
    SideThreads& operator=(const SideThreads&) = delete;
    ~SideThreads() { finish(); }
    /// Takes no more jobs, and waits for those that were taken.
    void finish() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        threads_.clear(); // waits for them
    }

    struct Turn {
        std::function<void()> job, freed;
    };
    bool hand_over(Turn turn) noexcept {
        const std::lock_guard lock(mutex_);
        if (stopping_)
            return false;
        try {
            if (idle_ > handed_over_.size()) {
                handed_over_.push_back(std::move(turn));
                wake_.notify_one();
                return true;
            }
            if (threads_.size() >= most_)
                return false;
            threads_.emplace_back();
        } catch (const std::bad_alloc&) {
            return false;
        }
        const bool started = start(std::move(turn));
        if (!started)
            threads_.pop_back();
        return started;
    }

private:
    bool start(Turn turn) noexcept {
        try {
            const auto first = std::make_shared<Turn>(std::move(turn));
            return threads_.back().start([this, first] { run(std::move(*first)); });
        } catch (const std::bad_alloc&) {
            return false;
        }
    }
    void run(Turn turn) {
        for (;;) {
            turn.job();
            turn.job = nullptr; // what it holds goes before anybody is told
            {
                const std::lock_guard lock(mutex_);
                ++idle_; // first: who is told may have the next job at once
            }
            turn.freed();
            turn.freed = nullptr;
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stopping_ || !handed_over_.empty(); });
            if (handed_over_.empty())
                return;
            --idle_;
            turn = std::move(handed_over_.front());
            handed_over_.pop_front();
        }
    }

    std::size_t most_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Turn> handed_over_; // never more than are idle
    std::size_t idle_ = 0;
    bool stopping_ = false;
    std::vector<Thread> threads_; // last: they use the others
};

} // namespace

struct ThreadPool::State {
    explicit State(unsigned most_beside) : beside(most_beside) {}

    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::function<void()>> jobs;
    bool stopping = false;
    std::vector<Thread> workers;
    SideThreads beside;

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

ThreadPool::ThreadPool(unsigned threads, unsigned most_beside)
    : state_(std::make_unique<State>(most_beside)) {
    const unsigned total = threads == 0 ? usable_cores() : threads;
    std::vector<Thread>& workers = state_->workers;
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
    state_->beside.finish(); // first: its jobs use the workers
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

bool ThreadPool::try_beside(std::function<void()> job, std::function<void()> freed) {
    return state_->beside.hand_over({std::move(job), std::move(freed)});
}

} // namespace codex
