// One thread that runs many coroutines, each when what it waits for is there. What it waits for
// outside (sockets, or the end of a time) is behind an interface, so that a simulation runs the
// same code, in the same order each time, on a clock that jumps.
#pragma once

#include "base/clock.hpp"
#include "base/detail/timers.hpp"
#include "base/error.hpp"
#include "base/task.hpp"

#include <functional>
#include <memory>
#include <mutex>

namespace codex {

class EventLoop;

namespace detail {

/// A member of one list at most, which it leaves by itself when it goes.
/// Threads: the loop's.
class Linked {
public:
    Linked() = default;
    Linked(const Linked&) = delete;
    Linked& operator=(const Linked&) = delete;
    ~Linked() { unlink(); }

    [[nodiscard]] bool linked() const { return next_ != this; }
    [[nodiscard]] Linked* next() const { return next_; }
    void unlink() {
        next_->before_ = before_;
        before_->next_ = next_;
        next_ = before_ = this;
    }
    /// Puts it in front of `other`, so at the end of the list that `other` is the head of.
    void link_before(Linked& other) {
        unlink();
        before_ = other.before_;
        next_ = &other;
        before_->next_ = this;
        other.before_ = this;
    }

private:
    Linked* next_ = this;
    Linked* before_ = this;
};

} // namespace detail

/// A coroutine's wait for a Signal, or for the end of a time: made by them, and awaited at once.
/// Awaiting it gives whether it was the signal that came first. It takes no memory, so it cannot
/// fail.
/// Threads: the loop's.
class [[nodiscard]] Wait final : private detail::Linked, private detail::Timed {
public:
    Wait(EventLoop& loop, detail::Linked* signal, Clock::Instant until)
        : Timed(until), loop_(loop), signal_(signal) {}
    ~Wait();

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) noexcept;
    bool await_resume() const noexcept { return signalled_; }

private:
    friend class EventLoop;
    friend class Signal;
    void wake(bool signalled) noexcept;

    EventLoop& loop_;
    detail::Linked* signal_;
    std::coroutine_handle<> waiting_;
    bool signalled_ = false;
};

/// Says that something has changed, to those that wait for it. Whoever waits looks at what it waits
/// for before and afterwards: nothing is remembered here.
///     while (!there) {
///         const auto in_time = co_await changed.wait(until);
///         if (!in_time) ...
///     }
/// Threads: the loop's.
class Signal {
public:
    explicit Signal(EventLoop& loop) : loop_(loop) {}
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    /// Until the next notify(), or until `until`.
    [[nodiscard]] Wait wait(Clock::Instant until = Clock::Instant::max()) {
        return {loop_, &waiting_, until};
    }
    /// Lets all that wait now go on, in the order in which they came, when their turn is.
    void notify() noexcept;

private:
    EventLoop& loop_;
    detail::Linked waiting_;
};

namespace detail {

/// What is to run in the loop's thread, once. Threads: one at a time.
class Posted {
public:
    Posted() = default;
    Posted(const Posted&) = delete;
    Posted& operator=(const Posted&) = delete;
    virtual ~Posted() = default;
    virtual void run() = 0;
    /// It has run, or never will: the loop has done with it.
    virtual void release() noexcept = 0;

private:
    friend class codex::EventLoop;
    Posted* next_ = nullptr;
};

} // namespace detail

/// Threads: that which runs it, but post() and stop() from any.
class EventLoop {
public:
    /// `clock` outlives it.
    explicit EventLoop(const Clock& clock) : clock_(clock) {}
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    virtual ~EventLoop();

    [[nodiscard]] const Clock& clock() const { return clock_; }
    [[nodiscard]] Clock::Instant now() const { return clock_.now(); }

    /// Runs `job` in the loop's thread, after what was posted before.
    void post(std::function<void()> job);
    /// The same of one that is there until release(); takes no memory, so it cannot fail.
    void post(detail::Posted& job) noexcept;
    /// Awaiting it lets time pass; what it gives says nothing.
    [[nodiscard]] Wait pause_until(Clock::Instant until) { return {*this, nullptr, until}; }
    /// Awaiting it lets the others that are ready go first.
    [[nodiscard]] Wait next_turn() { return pause_until(Clock::Instant::min()); }

    /// Runs what there is to run until `done`, which is asked between any two steps, or until
    /// `until`; gives whether it was `done`. What a job throws, or a task of a group that does not
    /// take it itself, is thrown here; the loop may be run on.
    bool run_until(const std::function<bool()>& done, Clock::Instant until = Clock::Instant::max());
    /// Until stop().
    void run();
    void stop();

protected:
    /// Returns when something outside has happened, after what that leads to was said to signals;
    /// at `until`; or when interrupt() was called since the last time.
    virtual void wait_outside(Clock::Instant until) = 0;
    /// Threads: any.
    virtual void interrupt() noexcept = 0;
    /// Something was posted and has not run. Threads: any.
    [[nodiscard]] bool has_posted();

private:
    friend class Signal;
    friend class TaskGroup;
    friend class Wait;
    [[nodiscard]] bool run_posted();
    void wake_timed();
    void run_ready();

    const Clock& clock_;
    detail::Linked ready_; ///< those that go on at their next turn
    detail::Timers timers_;
    std::exception_ptr thrown_; ///< by a task, and nobody's yet
    std::mutex mutex_;
    detail::Posted* posted_first_ = nullptr;
    detail::Posted* posted_last_ = nullptr;
    bool stopped_ = false; ///< the loop's thread alone
};

/// An event loop without an outside: when nothing is to be run its clock jumps to where something
/// is, without a call of the system, so that a run is as fast on a machine that is busy; no other
/// thread is waited for. A run whose end nothing can bring any more is a mistake of its caller's.
/// Threads: as EventLoop.
class SimulatedLoop final : public EventLoop {
public:
    explicit SimulatedLoop(const SimulatedClock& clock) : EventLoop(clock), clock_(clock) {}

private:
    void wait_outside(Clock::Instant until) override {
        CODEX_ASSERT(until != Clock::Instant::max());
        if (until > now())
            clock_.advance(until - now());
    }
    void interrupt() noexcept override {}
    const SimulatedClock& clock_;
};

/// Tasks that nobody awaits. They end by themselves, or with the group, which destroys those that
/// still wait; so it is destroyed from outside of them.
/// Threads: the loop's.
class TaskGroup {
public:
    /// Is told what a task has thrown, which ends that task alone. It throws nothing itself.
    using OnThrown = std::function<void(const std::exception_ptr&)>;
    /// Without `on_thrown`, EventLoop::run_until() throws it.
    explicit TaskGroup(EventLoop& loop, OnThrown on_thrown = {});
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// Begins `task`, and returns where it waits first. Throws std::bad_alloc where there is no
    /// memory to begin it; what the task throws is not thrown here.
    void start(Task<void> task);
    /// Those that have not ended.
    [[nodiscard]] std::size_t size() const { return size_; }
    /// Is told whenever one ends.
    [[nodiscard]] Signal& ended() { return ended_; }

private:
    class Root;
    static Root run(TaskGroup* group, Task<void> task);
    static Root clear_up(TaskGroup* group);
    void take_thrown(std::exception_ptr thrown) noexcept;

    EventLoop& loop_;
    OnThrown on_thrown_;
    detail::Linked running_;
    detail::Linked over_; ///< ended, and not destroyed yet
    std::size_t size_ = 0;
    Signal ended_;
};

namespace detail {
template <class T> Task<void> keep_value(Task<T> task, std::optional<T>* value) {
    auto result = co_await std::move(task);
    value->emplace(std::move(result));
}
} // namespace detail

/// Runs the loop until `task` has ended, and gives what it gives; nothing, when `until` came first.
template <class T>
[[nodiscard]] std::optional<T> run_task(EventLoop& loop, Task<T> task,
                                        Clock::Instant until = Clock::Instant::max()) {
    std::optional<T> value;
    TaskGroup group(loop);
    group.start(detail::keep_value(std::move(task), &value));
    loop.run_until([&group] { return group.size() == 0; }, until);
    return value;
}

} // namespace codex
