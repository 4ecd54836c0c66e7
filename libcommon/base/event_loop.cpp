#include "base/event_loop.hpp"

namespace codex {

Wait::~Wait() {
    if (timed_)
        loop_.timers_.erase(timer_);
}

void Wait::await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    if (until_ != Clock::Instant::max()) {
        timer_ = loop_.timers_.emplace(until_, this);
        timed_ = true;
    }
    if (signal_ != nullptr)
        link_before(*signal_);
}

void Wait::wake(bool signalled) {
    signalled_ = signalled;
    if (timed_)
        loop_.timers_.erase(timer_);
    timed_ = false;
    link_before(loop_.ready_);
}

void Signal::notify() {
    while (waiting_.linked())
        static_cast<Wait*>(waiting_.next())->wake(true);
}

void EventLoop::post(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        posted_.push_back(std::move(job));
    }
    interrupt();
}

void EventLoop::stop() {
    post([this] { stopped_ = true; });
}

void EventLoop::run() {
    stopped_ = false;
    run_until([this] { return stopped_; });
}

bool EventLoop::run_until(const std::function<bool()>& done, Clock::Instant until) {
    while (!done()) {
        const bool posted = run_posted();
        wake_timed();
        if (ready_.linked() || posted) {
            run_ready();
            // What others say is heard, too, while there is always something to do.
            wait_outside(Clock::Instant::min());
            continue;
        }
        if (now() >= until)
            return false;
        const bool timed = !timers_.empty() && timers_.begin()->first < until;
        wait_outside(timed ? timers_.begin()->first : until);
    }
    return true;
}

bool EventLoop::run_posted() {
    std::vector<std::function<void()>> jobs;
    {
        const std::lock_guard lock(mutex_);
        jobs.swap(posted_);
    }
    for (const auto& job : jobs)
        job();
    return !jobs.empty();
}

void EventLoop::wake_timed() {
    if (timers_.empty())
        return;
    const Clock::Instant now = clock_.now();
    while (!timers_.empty() && timers_.begin()->first <= now)
        timers_.begin()->second->wake(false);
}

/// Those that are ready now, and not those that they make ready.
void EventLoop::run_ready() {
    detail::Linked turn;
    while (ready_.linked())
        ready_.next()->link_before(turn);
    while (turn.linked()) {
        auto* const wait = static_cast<Wait*>(turn.next());
        wait->unlink();
        wait->waiting_.resume();
    }
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
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }

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

TaskGroup::TaskGroup(EventLoop& loop) : ended_(loop) {
    const Root root = clear_up(this);
    root.handle.promise().link_before(running_);
    root.handle.resume();
}

TaskGroup::~TaskGroup() {
    Root::destroy_all(running_);
    Root::destroy_all(over_);
}

void TaskGroup::start(Task<void> task) {
    const Root root = run(this, std::move(task));
    root.handle.promise().link_before(running_);
    ++size_;
    root.handle.resume();
}

} // namespace codex
