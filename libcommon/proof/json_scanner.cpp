#include "proof/detail/json_scanner.hpp"

namespace codex::proof::detail {

void JsonScanner::skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos)
        ++at_;
}

Unexpected<Error> JsonScanner::wrong(std::string_view wanted) const {
    return fail(Errc::json_invalid, "JSON: expected {} at byte {}", wanted, at_);
}

bool JsonScanner::take(char token) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != token)
        return false;
    ++at_;
    return true;
}

Result<void> JsonScanner::expect(char token) {
    if (!take(token))
        return wrong(fmt::format("'{}'", token));
    return {};
}

Result<bool> JsonScanner::more(char close) {
    if (take(','))
        return true;
    if (take(close))
        return false;
    return wrong(fmt::format("',' or '{}'", close));
}

Result<std::string_view> JsonScanner::string() {
    if (!take('"'))
        return wrong("a string");
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != '"') {
        if (text_[at_] == '\\' || static_cast<unsigned char>(text_[at_]) < 0x20)
            return wrong("a string without escapes");
        ++at_;
    }
    if (at_ == text_.size())
        return wrong("the end of a string");
    return text_.substr(start, at_++ - start);
}

Result<std::string_view> JsonScanner::scalar() {
    skip_space();
    if (at_ < text_.size() && text_[at_] == '"')
        return string();
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9')
        ++at_;
    const std::string_view digits = text_.substr(start, at_ - start);
    if (digits.empty() || (digits.size() > 1 && digits[0] == '0'))
        return wrong("a number or a string");
    return digits;
}

Result<void> JsonScanner::end() {
    skip_space();
    if (at_ != text_.size())
        return wrong("the end");
    return {};
}

} // namespace codex::proof::detail
