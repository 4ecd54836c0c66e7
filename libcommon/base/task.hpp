// Coroutines that wait for things without holding up a thread (libcommon/README.md, Coroutines).
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace codex {

template <class T> class Task;

namespace detail {

/// What the promises of all tasks have in common: who waits, and what was thrown.
/// Threads: as Task.
class TaskPromise {
public:
    struct Last {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <class Promise>
        [[nodiscard]] std::coroutine_handle<>
        await_suspend(std::coroutine_handle<Promise> self) const noexcept {
            return self.promise().caller;
        }
        void await_resume() const noexcept {}
    };

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] Last final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { thrown = std::current_exception(); }

    std::coroutine_handle<> caller = std::noop_coroutine();
    std::exception_ptr thrown;
};

/// Where a Task<T> puts its value.
/// Threads: as Task.
template <class T> class ValuePromise : public TaskPromise {
public:
    Task<T> get_return_object();
    template <class From> void return_value(From&& from) {
        value_.emplace(std::forward<From>(from));
    }
    [[nodiscard]] T take() { return std::move(*value_); }

private:
    std::optional<T> value_;
};

/// Threads: as Task.
class VoidPromise : public TaskPromise {
public:
    inline Task<void> get_return_object();
    void return_void() const noexcept {}
    void take() const noexcept {}
};

template <class T> struct PromiseOf {
    using type = ValuePromise<T>;
};
template <> struct PromiseOf<void> {
    using type = VoidPromise;
};

} // namespace detail

/// A coroutine that begins when it is awaited, by one other, and gives a T. Who destroys it before
/// its end destroys what it holds, and what it waits for; it must not be running then. Parameters
/// are values, except what outlives the task. What it throws is thrown where it is awaited.
/// Threads: that of the event loop (base/event_loop.hpp) whose things it waits for.
template <class T> class [[nodiscard]] Task {
public:
    using promise_type = typename detail::PromiseOf<T>::type;

    explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Task& operator=(Task&&) = delete;
    ~Task() {
        if (handle_)
            handle_.destroy();
    }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    /// Runs it until it waits; gives false, so that the caller goes on, when it is over by then.
    /// Were the caller left for it and gone back to, then each await in a loop of what is over at
    /// once would lie on the stack, wherever the compiler makes no tail call of that (gcc 12 with
    /// -O1, and every debug build).
    [[nodiscard]] bool await_suspend(std::coroutine_handle<> caller) noexcept {
        handle_.resume();
        if (handle_.done())
            return false;
        handle_.promise().caller = caller;
        return true;
    }
    T await_resume() {
        if (handle_.promise().thrown)
            std::rethrow_exception(handle_.promise().thrown);
        return handle_.promise().take();
    }

private:
    std::coroutine_handle<promise_type> handle_;
};

template <class T> Task<T> detail::ValuePromise<T>::get_return_object() {
    return Task<T>(std::coroutine_handle<ValuePromise>::from_promise(*this));
}
Task<void> detail::VoidPromise::get_return_object() {
    return Task<void>(std::coroutine_handle<VoidPromise>::from_promise(*this));
}

} // namespace codex
