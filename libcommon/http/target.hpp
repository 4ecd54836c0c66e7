// What a request's target is made of (RFC 3986, RFC 9112 section 3.2).
#pragma once

#include "base/error.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace codex::http {

/// Path and query, taken apart and decoded.
struct Target {
    std::vector<std::string> segments; ///< "/a//b" has "a", "" and "b"; "/a/" has "a" and ""
    std::vector<std::pair<std::string, std::string>> query; ///< a name alone has an empty value

    /// All values of a name, in their order.
    [[nodiscard]] std::vector<std::string> values(std::string_view name) const;
};

/// %HH as bytes; with `plus`, + as a blank. Errors: malformed, also for NUL.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, bool plus = false);

/// Of "/path?query", or of "http://host/path?query" as proxies are asked. Errors: malformed, for
/// anything else, for what cannot be decoded, and for "." and ".." as segments, which some program
/// in front may have taken for something else.
[[nodiscard]] Result<Target> parse_target(std::string_view text);

} // namespace codex::http
