// Room on the disk that nobody uses: what removing and collecting need to begin with when the disk
// is full, because the index writes new pages before old ones are free.
#pragma once

#include "base/error.hpp"

#include <string>

namespace codex::repo::detail {

/// Makes REPO/reserve when it is missing. Where there is no room for it, or the file system
/// cannot, there is none.
void make_reserve(const std::string& repo_path);
/// Gives its room back to the file system. False when there was none.
[[nodiscard]] bool give_up_reserve(const std::string& repo_path);

/// What `change` gives; tried once more with the room of the reserve when there was none.
template <class Change>
[[nodiscard]] auto with_reserve(const std::string& repo_path, const Change& change) {
    auto done = change();
    if (!done && done.error().code() == Errc::no_space && give_up_reserve(repo_path))
        done = change();
    return done;
}

} // namespace codex::repo::detail
