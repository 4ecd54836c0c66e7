// Requests and answers of HTTP/1.1 (RFC 9110, RFC 9112) but for their bodies.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codex::http {

struct Field {
    std::string name;
    std::string value;
    friend bool operator==(const Field&, const Field&) = default;
};
using Fields = std::vector<Field>;

/// ASCII letters count as equal whatever their case.
[[nodiscard]] bool same_text(std::string_view a, std::string_view b);
/// The first field of that name, in any case; nullptr, when there is none.
[[nodiscard]] const std::string* find(const Fields& fields, std::string_view name);
[[nodiscard]] std::size_t count(const Fields& fields, std::string_view name);
/// Replaces those of the name, or adds one.
void set(Fields& fields, std::string_view name, std::string value);

/// What a client wants. Its target is as it was sent (http/target.hpp takes it apart).
struct Request {
    std::string method;
    std::string target;
    bool is_1_1 = true; ///< else HTTP/1.0
    Fields fields;      ///< in their order, without blanks around the values

    // What the fields say of the connection and of the body.
    std::optional<std::uint64_t> content_length{};
    bool chunked = false;
    bool keep_alive = true;
    bool expects_continue = false;

    /// A body comes, which may be empty when it is chunked.
    [[nodiscard]] bool has_body() const { return chunked || content_length.value_or(0) != 0; }
    [[nodiscard]] bool is_head() const { return method == "HEAD"; }
};

/// What it is told. How long the body is, and whether the connection stays, are added by who sends
/// it.
struct Answer {
    unsigned status = 200;
    Fields fields{};
};

/// The head as it is sent, to its empty line. Errors: malformed, for a status that is none, and for
/// names and values that would make other fields of themselves (a line break, a control character):
/// nothing of them is sent.
[[nodiscard]] Result<std::string> encode_head(const Answer& answer);

/// Seconds since 1970 as a Date field has them: "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string http_date(std::uint64_t unix_seconds);

} // namespace codex::http
