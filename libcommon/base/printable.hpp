// Text of foreign origin (names, arguments, bytes of a disk or a peer) as it may be shown to a
// person: in one line, and unable to steer the terminal that shows it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace codex {

/// A character at the front of a text.
struct Utf8Unit {
    std::size_t bytes = 1;        ///< taken by it; 1 where the text is not UTF-8
    bool well_formed = false;     ///< false: an octet that belongs to no UTF-8 sequence
    std::uint32_t code_point = 0; ///< of a well-formed one
};
/// What `text`, which is not empty, begins with (Unicode 15 table 3-7: nothing overlong, no
/// surrogates). O(1).
[[nodiscard]] Utf8Unit utf8_front(std::string_view text);

/// Whether a terminal would take the character for a command or an order of display, instead of
/// showing it: C0, DEL, C1, the line and paragraph separators, and what turns the direction of text
/// around (marks, embeddings, overrides, isolates).
[[nodiscard]] bool steers_terminal(std::uint32_t code_point);

/// `text` with each of those characters, and each octet that is not UTF-8, as \t, \n, \r or \xHH
/// an octet. Everything else, a backslash too, is as it was, so that words quoted for a shell stay
/// so, and a second pass changes nothing. O(n).
[[nodiscard]] std::string printable(std::string_view text);
/// The same with a backslash as \\: no two texts look the same, and the text can be had back.
[[nodiscard]] std::string printable_exact(std::string_view text);

/// The longest beginning of at most `size` bytes that ends with a whole character. O(1).
[[nodiscard]] std::string_view whole_front(std::string_view text, std::size_t size);
/// A text of more than `most` bytes by how it begins, at most so many bytes of it, with dots behind
/// them; any other as it is.
[[nodiscard]] std::string beginning_of(std::string_view text, std::size_t most);
/// The same with its end, too: half of what is left stands on each side of the dots. So a message
/// that quotes what may be of any length still says what is wrong with it.
[[nodiscard]] std::string without_middle(std::string_view text, std::size_t most);

/// `word` as a shell takes it back: bare where nothing in it means anything to a shell, else in
/// quotes; with characters that printable() would change, in bash's, zsh's and POSIX 2024's $'...'.
/// A word that an option could be mistaken for begins with ./ then, so it has to name a file.
[[nodiscard]] std::string shell_quoted(std::string_view word);

} // namespace codex
