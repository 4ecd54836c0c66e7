// A fetch by a node of this process's own.
#pragma once

#include "exchange/fetch.hpp"
#include "late_repo.hpp"
#include "net/dht/record.hpp"
#include "serve.hpp"

#include <span>

namespace codex::serve_tool {

/// One dataset that is fetched.
struct Wanted {
    const Cid& cid;
    exchange::FetchOptions options;
    LateRepo& repo;
    const Deadline& until;
    Progress& progress;
    exchange::FetchStatus& status; ///< what has come, also before an error
    /// By which peers are found that have it.
    std::vector<net::dht::NodeRecord> bootstrap{};
};

/// Fetches it of the peers of its options and of `commands`, which the shell runs meanwhile and
/// which end with it. Errors: those of exchange::Fetch::run() and Via::start(), with ways out; of a
/// command that has failed, with its exit status and its last words.
[[nodiscard]] Result<void> fetch_here(cli::Context& context, std::span<const std::string> commands,
                                      Wanted wanted);

} // namespace codex::serve_tool
