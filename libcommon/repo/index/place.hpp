// The folder of a repo, before there is one, or where there can be none: what is said of it.
#pragma once

#include "repo/index/store.hpp"

namespace codex::repo::detail {

/// Whether a repo can be in `path`, as far as a look at it tells. Errors: repo_missing, or with
/// `create` cannot_create, where `path` is no folder, or is below something that is none.
[[nodiscard]] Result<void> require_place(const std::string& path, bool create);

/// Store::open(). The error says so where `path` is a folder of other things, and where it is a
/// repo that lacks its settings (repo_config).
[[nodiscard]] Result<std::shared_ptr<Store>> open_store(const std::string& path,
                                                        const OpenOptions& options);

/// Store::create(). Errors: cannot_create where the folder cannot be made.
[[nodiscard]] Result<void> create_store(const std::string& path, const Config& config,
                                        bool must_be_new, const Surroundings& around);

/// Without its folders nothing may be concluded from what else is there. Errors: repo_damaged.
[[nodiscard]] Result<void> require_folders(const std::string& path);

} // namespace codex::repo::detail
