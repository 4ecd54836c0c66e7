// The repo that a command works on.
#pragma once

#include "cli/context.hpp"
#include "repo/repo.hpp"

#include <optional>
#include <string>
#include <vector>

namespace codex::toolkit {

/// What a command does to its repo.
enum class Access : std::uint8_t {
    read,
    write,
    create ///< writes, and makes the repo where there is none
};

/// The sizes at which tools let a repo do things. It stands alone in its file, so that a program
/// for tests can link smaller ones in its place.
[[nodiscard]] repo::Limits repo_limits();

/// How the flags, the environment and the configuration want a repo opened, but for what is done to
/// it.
[[nodiscard]] repo::OpenOptions open_options(cli::Context& context);

/// Opens the repo that the flags, the environment or the configuration name, as they say; with
/// `zstd_level` instead of the repo's own compression. Errors: Context::repo_path()'s,
/// Repo::open()'s.
[[nodiscard]] Result<repo::Repo> open_repo(cli::Context& context, Access access,
                                           std::optional<int> zstd_level = {});

/// A repo, and the one thing in it that was asked for.
struct Opened {
    repo::Repo repo;
    Cid cid;
};
/// The repo, to be read, and the CID that the only argument, or the only line of stdin, stands for
/// in it, which the command is about from then on. Errors: usage when there is none or a second;
/// Repo::named()'s, about that argument; open_repo()'s.
[[nodiscard]] Result<Opened> open_with(cli::Context& context,
                                       const std::vector<std::string>& arguments, repo::Named what);

} // namespace codex::toolkit
