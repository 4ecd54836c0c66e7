// As much of XML as routers speak, out of text that anyone may have sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace codex::net::nat {

/// What stands in the text, one thing after the other. Nothing is allocated and nothing is refused:
/// what is no XML gives fewer things. Threads: its owner's.
class XmlReader {
public:
    /// `text` outlives it, and what it gives.
    explicit XmlReader(std::string_view text) : text_(text) {}

    enum class Kind : std::uint8_t { open, close, text };
    struct Thing {
        Kind kind;
        /// The name of an element, without the prefix of its space of names; or text as it stands
        /// there, blanks around it left out.
        std::string_view words;
    };
    /// Nothing: the text is over.
    [[nodiscard]] std::optional<Thing> next();

private:
    std::string_view text_;
    std::string_view to_close_; ///< an element that ends where it begins
};

/// Text with &amp; and its like as what they stand for.
[[nodiscard]] std::string unescaped(std::string_view text);

} // namespace codex::net::nat
