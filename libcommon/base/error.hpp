// The one error type and the one result type (libcommon/README.md, Errors).
//
// A function that can be refused returns Result<T>. Exceptions do not cross a floor; only
// std::bad_alloc may escape. An Error is a stable code, a message that names the thing and the
// cause, a chain of contexts added where new knowledge exists, and what to do next: a hint in
// words, and remedies.
#pragma once

#include "base/expected.hpp"
#include "base/remedy.hpp"

#include <fmt/format.h>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace codex {

enum class Errc : unsigned char {
#define CODEX_ERRC(name, dotted, exit_code, http) name,
#include "base/errc.def"
#undef CODEX_ERRC
};

/// The dotted name scripts match on, e.g. "cid.invalid".
[[nodiscard]] std::string_view errc_name(Errc code);
/// The process exit code (codex-exit(7)).
[[nodiscard]] int errc_exit_code(Errc code);
/// The HTTP status of the REST interface.
[[nodiscard]] int errc_http_status(Errc code);

/// Move-only; 16 bytes; a bare code allocates nothing.
/// Threads: a value; many may read, one may write.
class [[nodiscard]] Error {
public:
    Error(Errc code) : code_(code) {} // a code is an error
    Error(Errc code, std::string message);
    Error(Error&& other) noexcept
        : code_(other.code_), detail_(std::exchange(other.detail_, nullptr)) {}
    Error& operator=(Error&& other) noexcept {
        std::swap(code_, other.code_);
        std::swap(detail_, other.detail_);
        return *this;
    }
    ~Error() {
        if (detail_ != nullptr)
            drop(detail_);
    }

    [[nodiscard]] Errc code() const { return code_; }
    /// "context: context: message", outermost context first; the dotted name where there is none.
    [[nodiscard]] std::string text() const;
    /// What the user can do next, in words; empty if nothing was said.
    [[nodiscard]] std::string_view hint() const;
    /// What can be done next, to be said behind the hint, in this order.
    [[nodiscard]] std::span<const Remedy> remedies() const;
    /// There is a hint or a remedy.
    [[nodiscard]] bool has_way_out() const { return !hint().empty() || !remedies().empty(); }

    /// Puts `what` ("file name", a CID) before the text.
    Error&& context(std::string_view what) &&;
    /// Sets the hint, replacing an earlier one and its remedies.
    Error&& hint(std::string text) &&;
    /// Adds a remedy behind the hint and other remedies.
    Error&& remedy(Remedy remedy) &&;
    /// Takes hint and remedies of another error in place of its own.
    Error&& way_out_of(const Error& other) &&;

private:
    struct Detail;
    // Nearly every function moves an Error somewhere, and few have one: what is done with it is as
    // little code as can be, and the rest of it out of line.
    static void drop(Detail* detail) noexcept;
    Detail& detail();

    Errc code_;
    Detail* detail_ = nullptr; ///< owned
};

template <class T> using Result = Expected<T, Error>;

/// fail() for what is made into arguments already.
[[nodiscard]] Unexpected<Error> vfail(Errc code, fmt::string_view form, fmt::format_args args);

/// An Error of `code` with a formatted message, ready to be returned from any Result function.
template <class... Args>
[[nodiscard]] Unexpected<Error> fail(Errc code, fmt::format_string<Args...> form, Args&&... args) {
    return vfail(code, form, fmt::make_format_args(args...));
}
[[nodiscard]] inline Unexpected<Error> fail(Errc code) {
    return Unexpected<Error>(Error(code));
}
[[nodiscard]] inline Unexpected<Error> fail(Error error) {
    return Unexpected<Error>(std::move(error));
}

/// An Error for a failed system call: `what` says which thing ("open /x/y"), the code follows
/// from `errno_value` (ENOENT: not_found, EACCES/EPERM/EROFS: permission, ENOSPC/EDQUOT: no_space,
/// ENOMEM: out_of_memory, EMFILE/ENFILE: files_exhausted, else io) and the text ends in strerror.
[[nodiscard]] Error system_error(int errno_value, std::string_view what);

/// Of a std::bad_alloc that was caught.
[[nodiscard]] Error out_of_memory();

/// Ends the process with exit code 70 and a message: a broken invariant of ours, never bad input.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

} // namespace codex

#define CODEX_CONCAT_(a, b) a##b
#define CODEX_CONCAT(a, b) CODEX_CONCAT_(a, b)

/// CODEX_TRY(name, expression): declares `name` as the value, or returns the error.
/// In coroutines: CODEX_CO_TRY.
#define CODEX_TRY(name, ...)                                                                       \
    auto CODEX_CONCAT(codex_try_, __LINE__) = (__VA_ARGS__);                                       \
    if (!CODEX_CONCAT(codex_try_, __LINE__))                                                       \
        return ::codex::Unexpected<::codex::Error>(                                                \
            std::move(CODEX_CONCAT(codex_try_, __LINE__)).error());                                \
    auto name = std::move(*CODEX_CONCAT(codex_try_, __LINE__))

/// CODEX_SET(place, expression): assigns the value to a variable that is there already, or returns
/// the error.
#define CODEX_SET(place, ...)                                                                      \
    do {                                                                                           \
        auto codex_set_ = (__VA_ARGS__);                                                           \
        if (!codex_set_)                                                                           \
            return ::codex::Unexpected<::codex::Error>(std::move(codex_set_).error());             \
        (place) = std::move(*codex_set_);                                                          \
    } while (false)

/// CODEX_CHECK(expression): returns the error of a Result<void> (or of any Result whose value is
/// not needed). In coroutines: CODEX_CO_CHECK.
#define CODEX_CHECK(...)                                                                           \
    do {                                                                                           \
        auto codex_check_ = (__VA_ARGS__);                                                         \
        if (!codex_check_)                                                                         \
            return ::codex::Unexpected<::codex::Error>(std::move(codex_check_).error());           \
    } while (false)

/// The same in a coroutine that gives a Result, for the Result that awaiting one call gives:
/// CODEX_CO_TRY(name, call(arguments)). What gcc 12 miscompiles is refused by
/// scripts/check-coroutines: the call's arguments are names, literals, moves and calls.
#define CODEX_CO_TRY(name, ...)                                                                    \
    auto CODEX_CONCAT(codex_try_, __LINE__) = co_await __VA_ARGS__;                                \
    if (!CODEX_CONCAT(codex_try_, __LINE__))                                                       \
        co_return ::codex::Unexpected<::codex::Error>(                                             \
            std::move(CODEX_CONCAT(codex_try_, __LINE__)).error());                                \
    auto name = std::move(*CODEX_CONCAT(codex_try_, __LINE__))

#define CODEX_CO_CHECK(...)                                                                        \
    do {                                                                                           \
        auto codex_check_ = co_await __VA_ARGS__;                                                  \
        if (!codex_check_)                                                                         \
            co_return ::codex::Unexpected<::codex::Error>(std::move(codex_check_).error());        \
    } while (false)

/// On in release builds, too.
#define CODEX_ASSERT(expression)                                                                   \
    (static_cast<bool>(expression) ? static_cast<void>(0)                                          \
                                   : ::codex::assertion_failed(#expression, __FILE__, __LINE__))
