#include "http/target.hpp"

#include <array>

namespace codex::http {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// What stands before the next `mark`, which goes with it.
std::string_view take_to(std::string_view& text, char mark) {
    const std::size_t at = text.find(mark);
    const std::string_view before = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return before;
}

Result<void> read_query(std::string_view text, Target& target) {
    while (!text.empty()) {
        std::string_view pair = take_to(text, '&');
        if (pair.empty())
            continue;
        const std::string_view name = take_to(pair, '=');
        CODEX_TRY(decoded_name, percent_decode(name, true));
        CODEX_TRY(value, percent_decode(pair, true));
        target.query.emplace_back(std::move(decoded_name), std::move(value));
    }
    return {};
}

} // namespace

std::vector<std::string> Target::values(std::string_view name) const {
    std::vector<std::string> found;
    for (const auto& [key, value] : query)
        if (key == name)
            found.push_back(value);
    return found;
}

Result<std::string> percent_decode(std::string_view text, bool plus) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return fail(Errc::malformed, "a % without two digits behind it");
            c = static_cast<char>(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == '\0')
            return fail(Errc::malformed, "a NUL in an address");
        decoded += c;
    }
    return decoded;
}

Result<Target> parse_target(std::string_view text) {
    for (const std::string_view scheme : std::array<std::string_view, 2>{"http://", "https://"}) {
        if (!text.starts_with(scheme))
            continue;
        text.remove_prefix(scheme.size());
        const std::size_t path = text.find_first_of("/?#");
        if (path == std::string_view::npos || text[path] != '/')
            return fail(Errc::malformed, "an address without a path");
        text.remove_prefix(path);
    }
    if (!text.starts_with('/'))
        return fail(Errc::malformed, "an address that does not begin with a slash");
    text.remove_prefix(1);
    text = text.substr(0, text.find('#'));
    std::string_view path = take_to(text, '?');
    Target target;
    for (bool more = true; more;) {
        more = path.find('/') != std::string_view::npos;
        CODEX_TRY(segment, percent_decode(take_to(path, '/')));
        if (segment == "." || segment == "..")
            return fail(Errc::malformed, "a path with {}", segment);
        target.segments.push_back(std::move(segment));
    }
    CODEX_CHECK(read_query(text, target));
    return target;
}

} // namespace codex::http
