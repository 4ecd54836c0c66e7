#include "base/event_loop.hpp"

#include <memory>

namespace codex {

Wait::~Wait() {
    loop_.timers_.remove(*this);
}

void Wait::await_suspend(std::coroutine_handle<> waiting) noexcept {
    waiting_ = waiting;
    if (signal_ == nullptr && at() == Clock::Instant::min()) {
        link_before(loop_.ready_);
        return;
    }
    if (at() != Clock::Instant::max())
        loop_.timers_.add(*this);
    if (signal_ != nullptr)
        link_before(*signal_);
}

void Wait::wake(bool signalled) noexcept {
    signalled_ = signalled;
    loop_.timers_.remove(*this);
    link_before(loop_.ready_);
}

void Signal::notify() noexcept {
    while (waiting_.linked())
        static_cast<Wait*>(waiting_.next())->wake(true);
}

namespace {

class PostedFunction final : public detail::Posted {
public:
    explicit PostedFunction(std::function<void()> job) : job_(std::move(job)) {}
    void run() override { job_(); }
    void release() noexcept override { delete this; }

private:
    std::function<void()> job_;
};

struct Release {
    void operator()(detail::Posted* posted) const noexcept { posted->release(); }
};
using Owned = std::unique_ptr<detail::Posted, Release>;

} // namespace

EventLoop::~EventLoop() {
    while (posted_first_ != nullptr) {
        const Owned job(posted_first_);
        posted_first_ = job->next_;
    }
}

void EventLoop::post(std::function<void()> job) {
    post(*std::make_unique<PostedFunction>(std::move(job)).release());
}

void EventLoop::post(detail::Posted& job) noexcept {
    {
        const std::lock_guard lock(mutex_);
        job.next_ = nullptr;
        (posted_first_ == nullptr ? posted_first_ : posted_last_->next_) = &job;
        posted_last_ = &job;
    }
    interrupt();
}

bool EventLoop::has_posted() {
    const std::lock_guard lock(mutex_);
    return posted_first_ != nullptr;
}

void EventLoop::stop() {
    post([this] { stopped_ = true; });
}

void EventLoop::run() {
    stopped_ = false;
    run_until([this] { return stopped_; });
}

bool EventLoop::run_until(const std::function<bool()>& done, Clock::Instant until) {
    for (;;) {
        if (thrown_)
            std::rethrow_exception(std::exchange(thrown_, nullptr));
        if (done())
            return true;
        const bool posted = run_posted();
        wake_timed();
        if (ready_.linked() || posted) {
            run_ready();
            // What others say is heard, too, while there is always something to do; else it is
            // where there is nothing to do, and asking the system twice costs twice.
            if (ready_.linked())
                wait_outside(Clock::Instant::min());
            continue;
        }
        if (now() >= until)
            return false;
        const detail::Timed* const next = timers_.first();
        wait_outside(next != nullptr ? std::min(next->at(), until) : until);
    }
}

/// Those that were posted until now, each taken off before it runs, for it may throw.
bool EventLoop::run_posted() {
    std::unique_lock lock(mutex_);
    const detail::Posted* const last = posted_first_ == nullptr ? nullptr : posted_last_;
    for (bool more = last != nullptr; more;) {
        Owned job(posted_first_);
        posted_first_ = job->next_;
        more = job.get() != last;
        lock.unlock();
        job->run();
        job.reset(); // what it holds may post, too
        lock.lock();
    }
    return last != nullptr;
}

void EventLoop::wake_timed() {
    if (timers_.first() == nullptr)
        return;
    const Clock::Instant now = clock_.now();
    for (auto* next = timers_.first(); next != nullptr && next->at() <= now; next = timers_.first())
        static_cast<Wait*>(next)->wake(false);
}

/// Those that are ready now, and not those that they make ready; as far as the first that throws.
void EventLoop::run_ready() {
    detail::Linked turn;
    while (ready_.linked())
        ready_.next()->link_before(turn);
    while (turn.linked() && !thrown_) {
        auto* const wait = static_cast<Wait*>(turn.next());
        wait->unlink();
        wait->waiting_.resume();
    }
    if (!turn.linked())
        return;
    while (ready_.linked()) // which they have made, and which go behind those that are left
        ready_.next()->link_before(turn);
    while (turn.linked())
        turn.next()->link_before(ready_);
}

/// The coroutine that awaits a task of a group.
class TaskGroup::Root {
public:
    class promise_type : public detail::Linked {
    public:
        template <class... More>
        explicit promise_type(TaskGroup* group, const More&... /*more*/) : group_(group) {}
        Root get_return_object() { return Root(Handle::from_promise(*this)); }
        [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
        struct Last {
            [[nodiscard]] bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
                TaskGroup& group = *self.promise().group_;
                self.promise().link_before(group.over_);
                --group.size_;
                group.ended_.notify();
            }
            void await_resume() const noexcept {}
        };
        [[nodiscard]] Last final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { group_->take_thrown(std::current_exception()); }

    private:
        TaskGroup* group_;
    };
    using Handle = std::coroutine_handle<promise_type>;

    explicit Root(Handle begun) : handle(begun) {}
    Handle handle;

    static void destroy_all(detail::Linked& list) {
        while (list.linked()) {
            auto& promise = *static_cast<promise_type*>(list.next());
            promise.unlink();
            Handle::from_promise(promise).destroy();
        }
    }
};

TaskGroup::Root TaskGroup::run(TaskGroup* /*group*/, Task<void> task) {
    co_await std::move(task);
}

/// A task cannot destroy itself: this one does it for the others.
TaskGroup::Root TaskGroup::clear_up(TaskGroup* group) {
    for (;;) {
        co_await group->ended_.wait();
        Root::destroy_all(group->over_);
    }
}

TaskGroup::TaskGroup(EventLoop& loop, OnThrown on_thrown)
    : loop_(loop), on_thrown_(std::move(on_thrown)), ended_(loop) {
    const Root root = clear_up(this);
    root.handle.promise().link_before(running_);
    root.handle.resume();
}

TaskGroup::~TaskGroup() {
    Root::destroy_all(running_);
    Root::destroy_all(over_);
}

void TaskGroup::take_thrown(std::exception_ptr thrown) noexcept {
    if (on_thrown_)
        on_thrown_(thrown);
    else if (!loop_.thrown_)
        loop_.thrown_ = std::move(thrown);
}

void TaskGroup::start(Task<void> task) {
    const Root root = run(this, std::move(task));
    root.handle.promise().link_before(running_);
    ++size_;
    root.handle.resume();
}

} // namespace codex
