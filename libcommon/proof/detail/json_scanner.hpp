// JSON (RFC 8259) of a known shape, read token by token without building a document.
#pragma once

#include "base/error.hpp"

#include <string>
#include <string_view>

namespace codex::proof::detail {

/// Every function passes over white space first. Errors: json_invalid with the byte offset.
class JsonScanner {
public:
    /// `text` outlives the scanner and the views it gives.
    explicit JsonScanner(std::string_view text) : text_(text) {}

    /// Passes over `token` if it is next.
    [[nodiscard]] bool take(char token);
    [[nodiscard]] Result<void> expect(char token);
    /// After a value: true for a comma, false for `close`.
    [[nodiscard]] Result<bool> more(char close);
    /// A string without escapes, which no name or number here needs.
    [[nodiscard]] Result<std::string_view> string();
    /// A string without escapes, or a number made of digits only; without the quotes.
    [[nodiscard]] Result<std::string_view> scalar();
    /// Nothing but white space follows.
    [[nodiscard]] Result<void> end();

private:
    void skip_space();
    [[nodiscard]] Unexpected<Error> wrong(std::string_view wanted) const;

    std::string_view text_;
    std::size_t at_ = 0;
};

} // namespace codex::proof::detail
