// The error for what was looked for and is not in the repo.
#pragma once

#include "base/error.hpp"
#include "codec/cid.hpp"
#include "repo/index/store.hpp"

namespace codex::repo::detail {

/// "dataset zDv...: not in the repo /x": `what` is dataset, tree or block. Who uses several repos
/// sees which one was asked.
[[nodiscard]] inline Error not_here(Errc code, std::string_view what, const Cid& cid,
                                    const Store& store) {
    return {code, fmt::format("{} {}: not in the repo {}", what, cid.text(), store.path())};
}

} // namespace codex::repo::detail
