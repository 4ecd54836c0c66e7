// Results in tests: the value, or a failed test that shows the error.
#pragma once

#include "base/error.hpp"

#include <stdexcept>

namespace codex::test {

/// The value; throws (and so fails the test) with the error's text when there is none.
template <class T> T must(Result<T> result) {
    if (!result)
        throw std::runtime_error(
            "unexpected error: " + std::string(errc_name(result.error().code())) + ": " +
            result.error().text());
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

/// The error; throws when there is a value.
template <class T> Error must_fail(Result<T> result) {
    if (result)
        throw std::runtime_error("expected an error, got a value");
    return std::move(result.error());
}

} // namespace codex::test
