// What stands in the place of something else.
#pragma once

#include "cli/detail/state.hpp"

#include <optional>

namespace codex::cli::detail {

/// The error is that something which is no CID stands in the place of one.
[[nodiscard]] bool is_no_cid(const Context::State& state, const Error& error);

/// A better error than `error`, of what stands in the wrong place: a file or a folder in that of a
/// CID, a CID in that of a file, a value without its option. `item` is the input that it is about;
/// empty: none. Nothing: there is none.
[[nodiscard]] std::optional<Error> misplaced(const Context::State& state, std::string_view item,
                                             const Error& error);

} // namespace codex::cli::detail
