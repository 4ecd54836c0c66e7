// What is said of fetches: while they go on, of each that is through, and of all at the end.
#pragma once

#include "node/daemon.hpp"
#include "serve.hpp"

namespace codex::serve_tool {

/// Shows how far a fetch is, and says once of each wait what for, and how long.
/// Threads: one at a time.
class FetchTelling {
public:
    /// `context` outlives it.
    FetchTelling(cli::Context& context, const Cid& cid) : context_(context), cid_(cid.text()) {}
    ~FetchTelling() { context_.note_progress(cli::Record("progress")); }
    FetchTelling(const FetchTelling&) = delete;
    FetchTelling& operator=(const FetchTelling&) = delete;

    void tell(const node::SoFar& now);

private:
    cli::Context& context_;
    std::string cid_;
    std::string waiting_; ///< what was said last
};

/// What peers gave, of one fetch and of all.
/// Threads: one at a time.
class FetchReport {
public:
    /// `context` outlives it.
    explicit FetchReport(cli::Context& context) : context_(context) { count({}); }

    /// For the summary, also of a fetch that has failed.
    void count(const exchange::FetchStatus& status);
    /// Warns of peers that gave nothing, and prints the record of a dataset that is here. Errors:
    /// as Context::print().
    [[nodiscard]] Result<void> fetched(const Cid& cid, const exchange::FetchStatus& status);
    /// What the error of one that failed has beside the error.
    [[nodiscard]] static cli::Record failed(const Cid& cid, const exchange::FetchStatus& status);

private:
    cli::Context& context_;
    std::vector<exchange::FetchPeer> peers_; ///< of all fetches
};

/// Who was asked in a fetch: peers that were named; commands, too; or, by a node of the repo, those
/// that it has alone.
enum class Asked : std::uint8_t { peers, commands, peers_of_node };

/// What a user can do about a fetch that has failed.
[[nodiscard]] Error with_way_out(Error error, Asked asked);

} // namespace codex::serve_tool
