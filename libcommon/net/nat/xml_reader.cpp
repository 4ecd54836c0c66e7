#include "net/nat/xml_reader.hpp"

#include <algorithm>
#include <utility>

namespace codex::net::nat {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

/// What `text` has to the end of `mark`, which is left out of it; all, when it has none.
std::string_view take_through(std::string_view& text, std::string_view mark) {
    const std::size_t at = text.find(mark);
    const std::size_t size = at == text.npos ? text.size() : at + mark.size();
    const std::string_view taken = text.substr(0, size);
    text.remove_prefix(size);
    return taken;
}

/// The tag that `text` begins with, without its brackets. A bracket in an attribute ends none.
std::string_view take_tag(std::string_view& text) {
    char quote = 0;
    for (std::size_t i = 1; i < text.size(); ++i) {
        const char c = text[i];
        if (quote != 0) {
            quote = c == quote ? 0 : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '>') {
            const std::string_view tag = text.substr(1, i - 1);
            text.remove_prefix(i + 1);
            return tag;
        }
    }
    text = {};
    return {};
}

std::string_view name_of(std::string_view tag) {
    const std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n/"));
    const std::size_t colon = name.find(':');
    return colon == name.npos ? name : name.substr(colon + 1);
}

} // namespace

std::optional<XmlReader::Thing> XmlReader::next() {
    constexpr std::string_view kData = "<![CDATA[";
    if (!to_close_.empty())
        return Thing{Kind::close, std::exchange(to_close_, {})};
    while (!text_.empty()) {
        if (text_.front() != '<') {
            const std::string_view words = trimmed(text_.substr(0, text_.find('<')));
            text_.remove_prefix(std::min(text_.find('<'), text_.size()));
            if (!words.empty())
                return Thing{Kind::text, words};
        } else if (text_.starts_with("<!--")) {
            static_cast<void>(take_through(text_, "-->"));
        } else if (text_.starts_with(kData)) {
            std::string_view words = take_through(text_, "]]>");
            words.remove_prefix(kData.size());
            if (words.ends_with("]]>"))
                words.remove_suffix(3);
            return Thing{Kind::text, trimmed(words)};
        } else {
            std::string_view tag = take_tag(text_);
            if (tag.empty() || tag.front() == '?' || tag.front() == '!')
                continue;
            if (tag.front() == '/')
                return Thing{Kind::close, name_of(tag.substr(1))};
            if (tag.ends_with('/'))
                to_close_ = name_of(tag);
            return Thing{Kind::open, name_of(tag)};
        }
    }
    return std::nullopt;
}

std::string unescaped(std::string_view text) {
    constexpr std::pair<std::string_view, char> kNames[] = {
        {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    std::string plain;
    while (!text.empty()) {
        const auto named = std::ranges::find_if(
            kNames, [text](const auto& row) { return text.starts_with(row.first); });
        plain += named == std::end(kNames) ? text.front() : named->second;
        text.remove_prefix(named == std::end(kNames) ? 1 : named->first.size());
    }
    return plain;
}

} // namespace codex::net::nat
