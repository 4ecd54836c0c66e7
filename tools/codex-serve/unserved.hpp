// A repo that no node serves, for the one that is to.
#pragma once

#include "cli/context.hpp"
#include "repo/repo.hpp"

namespace codex::serve_tool {

/// What can be done where a node serves the repo already.
[[nodiscard]] Error served_already(Error error);

/// The repo, made where there is none. It is waited for while others use it, but not while a node
/// does: who waits for that would serve in its place once it ends, long after anybody wanted it.
/// Errors: repo_locked, with served_already(); those of opening it.
[[nodiscard]] Result<repo::Repo> open_unless_served(cli::Context& context, const std::string& path);

} // namespace codex::serve_tool
