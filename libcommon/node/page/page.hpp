// The page of a node for browsers: files that are compiled in, at the top of the address where it
// is asked over HTTP (codex-rest(7), THE PAGE).
#pragma once

#include "http/message.hpp"

#include <span>

namespace codex::node::page {

struct File {
    std::string_view path; ///< whole
    std::string_view type; ///< media type
    std::string_view text;
};

/// Each once.
[[nodiscard]] std::span<const File> files();
/// What is asked for by GET or HEAD, whatever the query; nullptr, where that is none of the page.
[[nodiscard]] const File* find(const http::Request& request);
/// The answer with it, but for the text: it stands in no other page, and no script acts in it but
/// those that are named with the nonce, a word of letters and digits that nobody can have foreseen,
/// and those that they import. A path would not do: what strangers have stored has the origin of
/// the page, too.
[[nodiscard]] http::Answer head_of(const File& file, std::string_view nonce);
/// Its text, in which the same nonce stands at its script.
[[nodiscard]] std::string text_of(const File& file, std::string_view nonce);

} // namespace codex::node::page
