// A value, or why there is none: what Result<T> is made of (base/error.hpp). It is as std::expected
// of C++23 where both have a thing, and has only what is used here: nearly every file makes several
// of them, and each function of a template is paid for by the compiler wherever one is.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace codex {

/// What an Expected is made of that is to have an error.
/// Threads: a value, of one at a time.
template <class E> class [[nodiscard]] Unexpected {
public:
    explicit Unexpected(E error) : error_(std::move(error)) {}
    [[nodiscard]] E&& error() && { return std::move(error_); }
    [[nodiscard]] const E& error() const& { return error_; }

private:
    E error_;
};

template <class T, class E> class Expected;

namespace detail {

template <class> inline constexpr bool kIsExpected = false;
template <class T, class E> inline constexpr bool kIsExpected<Expected<T, E>> = true;
template <class E> inline constexpr bool kIsExpected<Unexpected<E>> = true;

/// What is not one of these may become a value.
template <class From, class T>
concept ValueFor = !kIsExpected<std::remove_cvref_t<From>> && std::is_constructible_v<T, From>;

/// The value of what is done or not, and has nothing to give.
struct Done {};

} // namespace detail

/// Move-only. Asking for the value where there is none, or for the error where there is a value, is
/// a mistake of ours. E is moved without throwing; where T may throw then, there is no assignment.
/// T may be void: done, or why not.
/// Threads: a value; many may read, one may write.
template <class T, class E> class Expected {
    using Value = std::conditional_t<std::is_void_v<T>, detail::Done, T>;

public:
    using value_type = T;

    Expected()
        requires std::is_default_constructible_v<Value>
        : value_(), has_value_(true) {}
    template <class From = Value>
        requires detail::ValueFor<From, Value>
    explicit(!std::is_convertible_v<From, Value>) Expected(From&& from)
        : value_(static_cast<Value>(std::forward<From>(from))), has_value_(true) {}
    Expected(Unexpected<E>&& why) noexcept : error_(std::move(why).error()), has_value_(false) {}
    Expected(Expected&& other) noexcept(std::is_nothrow_move_constructible_v<Value>)
        : has_value_(other.has_value_) {
        take(other);
    }
    Expected& operator=(Expected&& other) noexcept
        requires std::is_nothrow_move_constructible_v<Value>
    {
        if (this != &other) {
            drop();
            has_value_ = other.has_value_;
            take(other);
        }
        return *this;
    }
    Expected& operator=(Unexpected<E>&& why) noexcept {
        drop();
        has_value_ = false;
        std::construct_at(std::addressof(error_), std::move(why).error());
        return *this;
    }
    ~Expected() { drop(); }

    [[nodiscard]] bool has_value() const { return has_value_; }
    [[nodiscard]] explicit operator bool() const { return has_value_; }

    [[nodiscard]] Value& operator*() & { return value_; }
    [[nodiscard]] const Value& operator*() const& { return value_; }
    [[nodiscard]] Value&& operator*() && { return std::move(value_); }
    [[nodiscard]] Value* operator->() { return std::addressof(value_); }
    [[nodiscard]] const Value* operator->() const { return std::addressof(value_); }
    template <class Other> [[nodiscard]] Value value_or(Other&& other) const& {
        return has_value_ ? value_ : static_cast<Value>(std::forward<Other>(other));
    }
    template <class Other> [[nodiscard]] Value value_or(Other&& other) && {
        return has_value_ ? std::move(value_) : static_cast<Value>(std::forward<Other>(other));
    }
    [[nodiscard]] E& error() & { return error_; }
    [[nodiscard]] const E& error() const& { return error_; }
    [[nodiscard]] E&& error() && { return std::move(error_); }

private:
    void take(Expected& other) {
        if (has_value_)
            std::construct_at(std::addressof(value_), std::move(other.value_));
        else
            std::construct_at(std::addressof(error_), std::move(other.error_));
    }
    void drop() {
        if (has_value_)
            std::destroy_at(std::addressof(value_));
        else
            std::destroy_at(std::addressof(error_));
    }

    union {
        Value value_;
        E error_;
    };
    bool has_value_;
};

} // namespace codex
