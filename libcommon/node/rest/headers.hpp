// What fields of requests and answers mean (codex-rest(7)).
#pragma once

#include "base/error.hpp"
#include "codec/cid.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace codex::node::rest {

/// Whether text/plain is what an Accept field likes best: the highest weight, and of several with
/// that the first. Anything that cannot be read likes nothing better.
[[nodiscard]] bool prefers_text(std::string_view accept);

/// A part of `size` bytes, `end` not included.
struct Part {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    friend bool operator==(const Part&, const Part&) = default;
};
/// What a Range field asks for of so many bytes: nothing, where that is all of them, or several
/// parts, or no form that is known. Errors: argument_invalid, when there is no such part.
[[nodiscard]] Result<std::optional<Part>> read_range(std::string_view range, std::uint64_t size);

/// Whether a list of entity tags, as If-None-Match has one, has this one, in quotes.
[[nodiscard]] bool has_tag(std::string_view list, std::string_view tag);

/// The file name of a Content-Disposition of an upload: what stands behind the first filename=" of
/// it. Nothing where there is none. Errors: argument_invalid, for one that no system would take
/// (codex-manifest(5), NAMES).
[[nodiscard]] Result<std::optional<std::string>> uploaded_name(std::string_view disposition);
/// Whether a Content-Type is of the form of one, whatever it names.
[[nodiscard]] bool is_type(std::string_view type);
/// The media type of an upload without its parameters; nothing, where it is empty. Errors:
/// argument_invalid, for one that is none, and for those of forms, which say nothing about a file.
[[nodiscard]] Result<std::optional<std::string>> uploaded_type(std::string_view type);

/// Content-Disposition of a download, of a name that a stranger may have given: what is in it that
/// no field may have is left out, and a name beyond ASCII comes in UTF-8 beside one in ASCII.
[[nodiscard]] std::string attachment(const std::optional<std::string>& name);
/// Its Content-Type; application/octet-stream, where it has none, or one that is no media type.
[[nodiscard]] std::string content_type(const std::optional<std::string>& type);

/// The CID of a path. Errors: cid_invalid, with a text that clients of the reference know.
[[nodiscard]] Result<Cid> path_cid(std::string_view text);

} // namespace codex::node::rest
